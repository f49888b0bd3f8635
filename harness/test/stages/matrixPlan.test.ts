// SPDX-License-Identifier: MIT
import test from 'ava';
import { matrixMachine, parseCells, planMatrix } from '../../stages/matrixPlan.ts';

const LISTING = `{"row":"KSM","column":"none","cause":"kernel","control":false}
{"row":"KSM","column":"mempinfd","cause":"kernel","control":false}
{"row":"mremap","column":"none","cause":"process","control":false}
{"row":"control: a wrong byte","column":"none","cause":"kernel","control":true}
`;
const ALL = { bases: ['6.12', '7.3'], httu: [0, 2] };
const cells = parseCells(LISTING);

test('each machine has a job for each kernel, and no cell is planned twice', (t) => {
  const plan = planMatrix(cells, ALL);
  t.deepEqual(plan.machines, ['6.12, HTTU 0', '6.12, HTTU 2', '7.3, HTTU 0', '7.3, HTTU 2']);
  t.is(plan.jobs.length, 8);
  const places = plan.jobs.flatMap(({ machine, rows }) =>
    rows.flatMap(({ name, columns }) =>
      columns.map((column) => [machine, name, column.name].join()),
    ),
  );
  t.is(new Set(places).size, places.length);
  t.is(places.length, plan.machines.length * plan.rows.length * plan.columns.length);
});

test('only the last column is measured on the whole series', (t) => {
  const { jobs, columns } = planMatrix(cells, ALL);
  const whole = jobs.filter(({ series }) => series === 'ours');
  t.deepEqual(
    [...new Set(whole.flatMap((job) => job.rows[0]?.columns.map(({ name }) => name)))],
    columns.slice(-1),
  );
});

test('rows and columns are chosen by name, negative controls only where one says so', (t) => {
  const names = (rows?: RegExp) => planMatrix(cells, { ...ALL, rows }).rows.map(({ name }) => name);
  t.deepEqual(names(), ['KSM', 'mremap']);
  t.deepEqual(names(/^mre/), ['mremap']);
  t.deepEqual(names(/./), ['KSM', 'mremap']);
  t.deepEqual(names(/^control/), ['control: a wrong byte']);
  t.deepEqual(planMatrix(cells, { ...ALL, columns: /^mlock$/ }).columns, ['mlock']);
});

test('a machine has the HTTU of its name, no TLB, and memory that can go', (t) => {
  const machine = matrixMachine({ httu: 2 }, { kernel: 'Image', initrd: 'initramfs' });
  t.like(machine.smmu, { httu: 2, 'iotlb-size': 0, stall: 'on' });
  t.regex(machine.devices.join(), /virtio-mem-pci/);
  t.true(machine.extra.includes('1024M,maxmem=1152M'));
});
