// SPDX-License-Identifier: MIT
import test from 'ava';
import { debianRepositories } from '../../host/apt.ts';

/** What `apt-get update --print-uris` prints for one suite. */
function suite(repository: string, name: string): string {
  const release = `'${repository}/dists/${name}/InRelease' some_InRelease 0 \n`;
  return `${release}'${repository}/dists/${name}/main/binary-amd64/Packages.xz' some_Packages 0 \n`;
}

test('Debian is fetched from where this host fetches it', (t) => {
  const printed = [
    suite('https://packages.example.org/tools', 'stable'),
    suite('http://mirror.example.org/pub/debian', 'bookworm'),
    suite('http://mirror.example.org/pub/debian', 'bookworm-updates'),
    suite('http://security.example.org/debian-security', 'bookworm-security'),
  ];
  t.deepEqual(debianRepositories(printed.join('')), {
    main: 'http://mirror.example.org/pub/debian',
    security: 'http://security.example.org/debian-security',
  });
});

test('a list of mirrors, as images for clouds have it, is a repository too', (t) => {
  const main = 'mirror+file:/etc/apt/mirrors/debian.list';
  const security = 'mirror+file:/etc/apt/mirrors/debian-security.list';
  const printed = suite(main, 'trixie') + suite(security, 'trixie-security');
  t.deepEqual(debianRepositories(printed), { main, security });
});

test('security updates are beside the archive where no other place is configured', (t) => {
  for (const [main, security] of [
    ['http://mirror.example.org/debian', 'http://mirror.example.org/debian-security'],
    ['mirror+file:/etc/apt/m/debian.list', 'mirror+file:/etc/apt/m/debian-security.list'],
  ] as const)
    t.deepEqual(debianRepositories(suite(main, 'trixie')), { main, security });
});

test('a slash too many in the configuration changes nothing', (t) => {
  const { main } = debianRepositories(suite('http://mirror.example.org/debian/', 'trixie'));
  t.is(main, 'http://mirror.example.org/debian');
});

test('a host without Debian’s archive is told where pinlab runs', (t) => {
  const printed = suite('http://archive.example.org/ubuntu', 'noble');
  const error = t.throws(() => debianRepositories(printed));
  t.like(error, { hint: 'pinlab runs on Debian 12 and 13; elsewhere use a debian: container' });
});
