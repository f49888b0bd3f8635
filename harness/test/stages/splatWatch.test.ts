// SPDX-License-Identifier: MIT
import test from 'ava';
import { SplatWatch } from '../../stages/splatWatch.ts';

const ID = 'pin:pin.works';

function printed(text: string): string {
  return `[    1.000000][   T70] ${text}\r`;
}

test('a console that has shown the end of a test is settled, and one that shows it in time', async (t) => {
  const watch = new SplatWatch('0123');
  const end = watch.marker('end', ID);
  const settled = watch.settle(ID, 10_000);
  watch.push(`login: ${printed(end)}`);
  t.true(await settled);
  t.true(await watch.settle(ID, 0));
});

test('an end between other lines is one', async (t) => {
  const watch = new SplatWatch('0123');
  watch.push(`${printed(watch.marker('end', ID)).trimEnd()}${printed('more')}`);
  t.true(await watch.settle(ID, 0));
});

test('the end of an attempt does not settle the next', async (t) => {
  const watch = new SplatWatch('0123');
  for (const attempt of [1, 2]) {
    const [begin, end] = [watch.marker('begin', ID), watch.marker('end', ID)];
    t.false(await watch.settle(ID, 1), `attempt ${attempt}`);
    watch.push(printed(begin));
    watch.push(printed(end));
    t.true(await watch.settle(ID, 0), `attempt ${attempt}`);
  }
});

test('the end of a test whose id is longer settles no other', async (t) => {
  const watch = new SplatWatch('0123');
  const end = watch.marker('end', `${ID}_twice`);
  watch.push(printed(end));
  t.false(await watch.settle(ID, 1));
  const settled = watch.settle(ID, 1);
  watch.push(printed(end));
  t.false(await settled);
});
