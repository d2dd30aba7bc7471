/** Makes a reference id: a random UUID, also where `crypto.randomUUID` is not: it is for secure contexts only. */
export function newReference(): string {
  return crypto.randomUUID?.() ?? fromRandomBytes();
}

function fromRandomBytes(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
