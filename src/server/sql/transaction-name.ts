/** A transaction's id as text; null for none, which clients also write as no bytes. */
export function transactionName(id: Uint8Array | null): string | null {
  return id === null || id.byteLength === 0 ? null : Buffer.from(id).toString('hex')
}
