// SPDX-License-Identifier: MIT
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { InfraError } from '../errors.ts';

// Of all that dropbear offers, Ed25519 is the fastest under emulation, for host and client alike.
const ALGORITHM = 'ssh-ed25519';
/** PROTOCOL.key of OpenSSH. */
const OPENSSH_MAGIC = 'openssh-key-v1\0';

/** The keys of one image. */
export interface SshKeys {
  /** The server's private key, as dropbear reads it. */
  dropbearHostKey: Buffer;
  /** `ssh-ed25519 AAAA…`, as in known_hosts. */
  hostPublicKey: string;
  /** The client's private key, as ssh(1) and ssh2 read it. */
  clientKey: string;
  /** `ssh-ed25519 AAAA…`, as in authorized_keys. */
  clientPublicKey: string;
}

interface RawKey {
  seed: Buffer;
  publicKey: Buffer;
}

/** Fresh keys for a server and its only client. */
export function makeKeys(): SshKeys {
  const host = generate();
  const client = generate();
  return {
    dropbearHostKey: Buffer.concat([string(ALGORITHM), privateString(host)]),
    hostPublicKey: publicLine(host),
    clientKey: opensshPrivateKey(client),
    clientPublicKey: publicLine(client),
  };
}

/** node:crypto's own bytes, because ssh2 1.17 generates an unreadable key once in a few hundred. */
function generate(): RawKey {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  if (!d || !x) throw new InfraError('node:crypto exports no Ed25519 key');
  return { seed: Buffer.from(d, 'base64url'), publicKey: Buffer.from(x, 'base64url') };
}

function publicLine(key: RawKey): string {
  return `${ALGORITHM} ${publicBlob(key).toString('base64')}`;
}

/** RFC 8709, section 4. */
function publicBlob({ publicKey }: RawKey): Buffer {
  return Buffer.concat([string(ALGORITHM), string(publicKey)]);
}

function privateString({ seed, publicKey }: RawKey): Buffer {
  return string(Buffer.concat([seed, publicKey]));
}

function opensshPrivateKey(key: RawKey): string {
  const check = uint32(0);
  const comment = string('pinlab');
  const body = [check, check, publicBlob(key), privateString(key), comment];
  const unencrypted = [string('none'), string('none'), string('')];
  const file = Buffer.concat([
    Buffer.from(OPENSSH_MAGIC),
    ...unencrypted,
    uint32(1),
    string(publicBlob(key)),
    string(padded(Buffer.concat(body))),
  ]);
  const base64 = file.toString('base64').replaceAll(/.{70}(?=.)/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** To a multiple of eight bytes, with 1, 2, 3 and so on. */
function padded(body: Buffer): Buffer {
  const padding = Uint8Array.from({ length: -body.length & 7 }, (_, index) => index + 1);
  return Buffer.concat([body, padding]);
}

/** RFC 4251, section 5. */
function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
