// Archives as the pretend controller reads and writes them: enough of tar and zip for what the interface sends and
// offers. Bounds and refusals are worded as the product's.
import { crc32, deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";

const BLOCK = 512;
const text = (bytes) => bytes.toString("utf8").replace(/\0.*$/s, "");

function tarEntries(bytes, refuse) {
  const files = new Map();
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const head = bytes.subarray(at, at + BLOCK);
    if (head.every((byte) => byte === 0)) break;
    const name = text(head.subarray(0, 100));
    const size = Number.parseInt(text(head.subarray(124, 136)), 8) || 0;
    const kind = String.fromCharCode(head[156] || 48);
    if (kind === "1" || kind === "2") refuse(422, "bad_archive", `${name} is a link; links are not taken over.`);
    if (kind === "0") files.set(name, Buffer.from(bytes.subarray(at + BLOCK, at + BLOCK + size)));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

function zipEntries(bytes, refuse) {
  const end = bytes.lastIndexOf(Buffer.from("PK\u0005\u0006", "latin1"));
  if (end < 0) refuse(422, "bad_archive", "This is not a whole zip archive.");
  const files = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const flags = bytes.readUInt16LE(at + 8);
    const method = bytes.readUInt16LE(at + 10);
    const packed = bytes.readUInt32LE(at + 20);
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset));
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    if (flags & 1) refuse(422, "bad_archive", `${name} is encrypted.`);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const body = bytes.subarray(from, from + packed);
    if (!name.endsWith("/")) files.set(name, method === 8 ? inflateRawSync(body) : Buffer.from(body));
    at += 46 + nameLength + extra + comment;
  }
  return files;
}

/** The files of what was sent, below a common folder without it. */
export function unpack(filename, bytes, refuse) {
  if (/\.py$/i.test(filename)) return new Map([["main.py", bytes]]);
  let files;
  if (/\.zip$/i.test(filename)) files = zipEntries(bytes, refuse);
  else if (/\.(tar\.gz|tgz)$/i.test(filename)) {
    try {
      files = tarEntries(gunzipSync(bytes), refuse);
    } catch (error) {
      if (error.status) throw error;
      refuse(422, "bad_archive", `${filename} cannot be unpacked: it is not a whole gzip file.`);
    }
  } else refuse(422, "unknown_kind", `${filename} is none of .py, .zip, .tar.gz, .tgz.`, { field: "filename" });
  for (const path of files.keys())
    if (path.startsWith("/") || path.split("/").includes(".."))
      refuse(422, "bad_archive", `${path} leads out of the script's folder.`);
  const tops = new Set([...files.keys()].map((path) => path.split("/")[0]));
  const whole = tops.size === 1 && [...files.keys()].every((path) => path.includes("/"));
  return new Map([...files].map(([path, body]) => [whole ? path.slice(path.indexOf("/") + 1) : path, body]));
}

function tar(files) {
  const parts = [];
  for (const [path, body] of files) {
    const head = Buffer.alloc(BLOCK);
    head.write(path, 0, 100);
    head.write("0000644\0", 100);
    head.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("        0ustar\0", 148);
    head.write("00", 263);
    head.write(
      `${[...head]
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    parts.push(head, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function zip(files) {
  const parts = [];
  const index = [];
  let at = 0;
  for (const [path, body] of files) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(body);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(0x800, 2);
    about.writeUInt16LE(8, 4);
    about.writeUInt32LE(crc32(body), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(body.length, 18);
    about.writeUInt16LE(name.length, 22);
    const more = Buffer.alloc(14);
    more.writeUInt32LE(at, 10);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004", "latin1"), about, name, packed]);
    index.push(Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\0", "latin1"), about, more, name]));
    parts.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(index);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, listed, Buffer.from("PK\u0005\u0006", "latin1"), end]);
}

export const pack = (format, files) => (format === "zip" ? zip(files) : gzipSync(tar(files)));
