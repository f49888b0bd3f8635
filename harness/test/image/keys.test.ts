// SPDX-License-Identifier: MIT
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import test from 'ava';
import ssh2, { type ParsedKey } from 'ssh2';
import { makeKeys } from '../../image/keys.ts';

const DATA = Buffer.from('to be signed');

function parsed(key: string): ParsedKey {
  const result = ssh2.utils.parseKey(key);
  if (result instanceof Error) throw result;
  return result;
}

test('the client’s private and public key belong together', (t) => {
  for (let round = 0; round < 20; round += 1) {
    const keys = makeKeys();
    t.true(parsed(keys.clientPublicKey).verify(DATA, parsed(keys.clientKey).sign(DATA)));
  }
});

test('dropbear’s host key belongs to the pinned public key', (t) => {
  const { dropbearHostKey, hostPublicKey } = makeKeys();
  // As dropbearkey 2025.89 writes them: the name, then seed and public key as one string.
  t.is(dropbearHostKey.toString('hex', 0, 19), '0000000b7373682d6564323535313900000040');
  t.is(dropbearHostKey.length, 83);
  const d = dropbearHostKey.toString('base64url', 19, 51);
  const x = dropbearHostKey.toString('base64url', 51, 83);
  const jwk = { kty: 'OKP', crv: 'Ed25519', d, x };
  const signature = sign(null, DATA, createPrivateKey({ key: jwk, format: 'jwk' }));
  t.true(verify(null, DATA, createPublicKey({ key: jwk, format: 'jwk' }), signature));
  const blob = Buffer.from(hostPublicKey.split(' ')[1] ?? '', 'base64');
  t.deepEqual(blob.subarray(-32), dropbearHostKey.subarray(-32));
  t.is(parsed(hostPublicKey).type, 'ssh-ed25519');
});

test('no two images share a key', (t) => {
  const [one, two] = [makeKeys(), makeKeys()];
  t.not(one.clientKey, two.clientKey);
  t.not(one.hostPublicKey, two.hostPublicKey);
  t.not(one.hostPublicKey, one.clientPublicKey);
});
