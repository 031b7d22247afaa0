// Runs before anything is drawn, so that a page never flashes in the other scheme. What color-scheme.ts remembered is applied.
try {
  const remembered = localStorage.getItem('fabio.color-scheme')
  if (remembered === 'light' || remembered === 'dark') document.documentElement.dataset.scheme = remembered
} catch {
  // Storage may be forbidden; the system's scheme it is.
}
