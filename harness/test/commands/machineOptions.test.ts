// SPDX-License-Identifier: MIT
import test from 'ava';
import { cpuModel, machineChoice } from '../../commands/machineOptions.ts';
import { UsageError } from '../../errors.ts';
import { testMachine } from '../../stages/machine.ts';

test('a CPU is a model with properties', (t) => {
  for (const model of ['cortex-a57', 'max', 'max,lpa2=off,pauth-impdef=on']) {
    t.is(cpuModel(model), model);
  }
  for (const text of ['', 'max,', 'max,lpa2', 'max -smp 4', ',lpa2=off']) {
    t.throws(() => cpuModel(text), { instanceOf: UsageError }, text);
  }
});

test('the machine has the CPU that was asked for, or the usual one', (t) => {
  const files = { kernel: 'Image', initrd: 'initramfs' };
  const usual = { cpus: 2, memory: 1024 };
  t.is(testMachine({ ...files, ...machineChoice(usual) }).cpu, 'cortex-a57');
  t.is(testMachine({ ...files, ...machineChoice({ ...usual, cpu: 'max' }) }).cpu, 'max');
});
