import { CompressionError, HpackDecoder } from '../wire/hpack-decoder.ts'
import { ERROR } from '../wire/http2-frames.ts'

/** A block is hardly larger than the fields in it; it may come in this many frames of a few bytes, and others of this size. */
const FEW_FRAMES = 8
const FRAME_BYTES = 8192

/** What a field block was. */
export type FieldBlock =
  | {
      readonly kind: 'fields'
      readonly fields: string[]
      /** As RFC 9113 §10.5.1 counts them. */
      readonly listBytes: number
      /** Names or values have letters that none may have. */
      readonly isMalformed: boolean
      /** Names of fields that must not be indexed further on either (RFC 7541 §6.2.3). */
      readonly neverIndexed: ReadonlySet<string> | undefined
    }
  /** The table is as it has to be, and the fields are too many. */
  | { readonly kind: 'too-large' }
  /** The connection cannot go on. */
  | { readonly kind: 'broken'; readonly code: number }

const TOO_LARGE: FieldBlock = { kind: 'too-large' }

/** The field blocks of one connection, whole or in pieces (RFC 9113 §4.3). Bounded in bytes and in pieces (CVE-2024-27316). */
export class FieldBlockReader {
  private readonly decoder = new HpackDecoder()
  private readonly maxBytes: number
  private readonly maxFields: number
  private pieces: Buffer[] = []
  private bytes = 0

  constructor(maxBytes: number, maxFields: number) {
    this.maxBytes = maxBytes
    this.maxFields = maxFields
  }

  /** @returns false when the block is larger than any that we take, or in too many pieces */
  add(bytes: Buffer, from: number, to: number): boolean {
    this.pieces.push(Buffer.from(bytes.subarray(from, to)))
    this.bytes += to - from
    return this.bytes <= this.maxBytes && this.pieces.length <= FEW_FRAMES + this.bytes / FRAME_BYTES
  }

  /** The block whose last piece this is. */
  end(bytes: Buffer, from: number, to: number): FieldBlock {
    if (this.pieces.length === 0) return this.decode(bytes, from, to)
    if (!this.add(bytes, from, to)) return { kind: 'broken', code: ERROR.enhanceYourCalm }
    const block = Buffer.concat(this.pieces)
    this.pieces = []
    this.bytes = 0
    return this.decode(block, 0, block.length)
  }

  private decode(bytes: Buffer, from: number, to: number): FieldBlock {
    const fields: string[] = []
    try {
      if (!this.decoder.decode(bytes, from, to, fields, this.maxBytes, this.maxFields)) return TOO_LARGE
    } catch (cause) {
      if (!(cause instanceof CompressionError)) throw cause
      return { kind: 'broken', code: ERROR.compressionError }
    }
    const { listBytes, isMalformed, neverIndexed } = this.decoder
    return { kind: 'fields', fields, listBytes, isMalformed, neverIndexed }
  }
}
