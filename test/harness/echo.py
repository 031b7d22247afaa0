"""A gRPC server, or a client, of grpcio. Messages are bytes; `server` prints its port, `client PORT` what came back."""

import sys
import grpc
from concurrent import futures


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        name = details.method.rsplit("/", 1)[1]
        if name == "Unary":
            return grpc.unary_unary_rpc_method_handler(lambda message, context: message)
        if name == "Count":
            return grpc.unary_stream_rpc_method_handler(
                lambda message, context: (str(i).encode() for i in range(int(message)))
            )
        if name == "Collect":
            return grpc.stream_unary_rpc_method_handler(
                lambda messages, context: str(sum(len(one) for one in messages)).encode()
            )
        if name == "Chat":
            return grpc.stream_stream_rpc_method_handler(lambda messages, context: messages)
        return None


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((Echo(),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    server.wait_for_termination()


def call(port):
    with grpc.insecure_channel("127.0.0.1:" + port, options=[("grpc.enable_http_proxy", 0)]) as channel:
        packed = grpc.Compression.Gzip
        print(channel.unary_unary("/test.Echo/Unary")(b"hello", timeout=10).decode())
        print(channel.unary_unary("/test.Echo/Unary")(b"packed" * 99, timeout=10, compression=packed).decode()[:6])
        print([one.decode() for one in channel.unary_stream("/test.Echo/Count")(b"3", timeout=10)])
        print(channel.stream_unary("/test.Echo/Collect")(iter([b"aa", b"bbb"]), timeout=10).decode())
        print([one.decode() for one in channel.stream_stream("/test.Echo/Chat")(iter([b"a", b"b"]), timeout=10)])
        try:
            channel.unary_unary("/nowhere.Echo/Unary")(b"", timeout=10)
        except grpc.RpcError as error:
            print(error.code().name, error.details())


serve() if sys.argv[1] == "server" else call(sys.argv[2])
