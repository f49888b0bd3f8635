// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseConfig } from '../../kernel/config.ts';
import { evaluate, parseExpression, unmetTerms } from '../../kernel/expression.ts';
import { explainDropped, hashKconfig, readKconfig } from '../../kernel/kconfig.ts';

const config = parseConfig('CONFIG_A=y\nCONFIG_M=m\nCONFIG_N=40\nCONFIG_S="text"\n');

for (const [source, value] of [
  ['A', 2],
  ['M', 1],
  ['OFF', 0],
  ['!A', 0],
  ['!M', 1],
  ['A && M', 1],
  ['OFF || M', 1],
  ['A && (OFF || M) && !OFF', 1],
  ['N >= 40', 2],
  ['N < 40', 0],
  ['S = "text"', 2],
  ['M != y', 2],
  ['$(cc-option,-foo(bar)) && A', 2],
] as const) {
  test(`evaluates ${source}`, (t) => {
    const expression = parseExpression(source);
    t.truthy(expression);
    t.is(expression && evaluate(expression, config), value);
  });
}

for (const source of ['', 'A &&', '&& A', '(A', 'A)', 'A B', 'A = ']) {
  test(`refuses «${source}»`, (t) => t.is(parseExpression(source), undefined));
}

test('names only the conjuncts that are off', (t) => {
  const expression = parseExpression('A && (OFF && M) && !A');
  t.deepEqual(expression && unmetTerms(expression, config).map((term) => term.text), ['OFF', '!A']);
});

const KCONFIG = `
source "sub/Kconfig"
if OUTER
config INNER
	bool "inner"
	depends on A && \\
		DEEP
	help
	  depends on NOTHING in prose.

	  config NOT_AN_OPTION
	  endif
config PLAIN
	bool
endif
menu "m"
	depends on MENU
config IN_MENU
	bool "in menu" if ASKED # a comment
endmenu
config FREE
	bool "free"
`;

test('explains a dropped option by its own and its surrounding dependencies', async (t) => {
  const tree = await mkdtemp(join(tmpdir(), 'kconfig-'));
  t.teardown(() => rm(tree, { recursive: true }));
  await writeFile(join(tree, 'Kconfig'), KCONFIG);
  const kconfig = readKconfig(tree, 'arm64');
  t.deepEqual([...kconfig.keys()], ['INNER', 'PLAIN', 'IN_MENU', 'FREE']);
  const explain = (name: string) =>
    explainDropped(kconfig, config, { name, requested: 'y', actual: 'n' });
  const wish = (name: string) => `CONFIG_${name}=y was requested, .config has n: `;
  t.is(explain('INNER'), `${wish('INNER')}Kconfig:4 depends on OUTER (OUTER=n) and DEEP (DEEP=n)`);
  t.is(
    explain('IN_MENU'),
    `${wish('IN_MENU')}Kconfig:18 depends on MENU (MENU=n) and ASKED (ASKED=n)`,
  );
  t.regex(explain('FREE'), /has its dependencies/);
  t.is(explain('GONE'), `${wish('GONE')}this kernel has no such option`);
});

test('an option without a prompt says so once its conditions hold', async (t) => {
  const tree = await mkdtemp(join(tmpdir(), 'kconfig-'));
  t.teardown(() => rm(tree, { recursive: true }));
  await writeFile(join(tree, 'Kconfig'), 'config HIDDEN\n\tbool\n');
  const dropped = { name: 'HIDDEN', requested: 'y', actual: 'n' };
  t.regex(explainDropped(readKconfig(tree, 'arm64'), config, dropped), /has no prompt/);
});

test('the hash differs with any Kconfig file of the architecture, however deep', async (t) => {
  const tree = await mkdtemp(join(tmpdir(), 'kconfig-'));
  t.teardown(() => rm(tree, { recursive: true }));
  const arch = join(tree, 'arch/arm64');
  await mkdir(arch, { recursive: true });
  await writeFile(join(tree, 'Kconfig'), 'source "arch/$(SRCARCH)/Kconfig"\n');
  await writeFile(join(arch, 'Kconfig'), 'if A\n  source "arch/arm64/Kconfig.deep"\nendif\n');
  const before = hashKconfig(tree, 'arm64');
  await writeFile(join(tree, 'Makefile'), 'all:\n');
  t.is(hashKconfig(tree, 'arm64'), before);
  await writeFile(join(arch, 'Kconfig.deep'), 'config B\n');
  const added = hashKconfig(tree, 'arm64');
  t.not(added, before);
  await writeFile(join(arch, 'Kconfig.deep'), 'config C\n');
  t.not(hashKconfig(tree, 'arm64'), added);
});
