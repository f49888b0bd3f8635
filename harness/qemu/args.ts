// SPDX-License-Identifier: MIT

/** Device or SMMU properties, by QEMU's own names. */
export type Properties = Readonly<Record<string, string | number | boolean>>;

/** Unix sockets on which pinlab listens and to which QEMU connects as it starts. */
export interface Sockets {
  qmp: string;
  /** The guest's serial console, in both directions. */
  console: string;
  /** The virtio port through which the guest says that it is ready. */
  ready: string;
}

/** A virtual machine, as data. */
export interface Machine {
  kernel: string;
  initrd: string;
  /** Its physical range must not exceed the SMMU's, or Linux refuses SVA. */
  cpu: string;
  cpus: number;
  memoryMiB: number;
  /** Properties of the SMMUv3; a stock QEMU has none of ours. */
  smmu: Properties;
  /** Properties of the DMA test device; without them the machine has no such device. */
  testDevice?: Properties;
  /** Further `-device` arguments; PCI slots 8 and up are theirs. */
  devices: readonly string[];
  /** Words added to the kernel command line. */
  append: readonly string[];
  /** Further QEMU arguments, such as `-icount`. */
  extra: readonly string[];
}

/** The machine that tests run on unless they ask for another. */
export const DEFAULT_MACHINE = {
  // 44 bits of physical address, as many as the SMMU reports.
  cpu: 'cortex-a57',
  cpus: 2,
  memoryMiB: 1024,
  smmu: {},
  devices: [],
  append: [],
  extra: [],
} as const satisfies Partial<Machine>;

/** The QOM id of the DMA test device. */
export const TEST_DEVICE_ID = 'testdev';

/** The id of the character device behind the serial console. */
export const CONSOLE_ID = 'console';

/** The name under which the guest finds the port of its ready event. */
export const READY_PORT = 'pinlab.ready';

/** How a machine begins: it boots its kernel, or waits for the state of another that did. */
export type Beginning = 'boot' | 'awaitState';

/** The QEMU command line for `machine`. Pure, so tests compare it as text. */
export function qemuArgs(
  machine: Machine,
  sockets: Sockets,
  beginning: Beginning = 'boot',
): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    // Emulated even on an arm64 host: a verdict must not depend on the host's CPU.
    ...['-accel', 'tcg', '-machine', 'virt,gic-version=3,iommu=smmuv3'],
    ...['-cpu', machine.cpu, '-smp', `${machine.cpus}`, '-m', `${machine.memoryMiB}M`],
    // Paired with panic=-1 on the kernel command line: a panic ends QEMU.
    '-no-reboot',
    ...beginningArgs(machine, beginning),
    ...globals('arm-smmuv3', machine.smmu),
    ...socketArgs(sockets),
    ...pciArgs(machine),
    ...machine.extra,
  ];
}

/** A state has its kernel in it; to read the files again would take longer than to load it. */
function beginningArgs(machine: Machine, beginning: Beginning): string[] {
  if (beginning === 'awaitState') return ['-incoming', 'defer'];
  return [
    ...['-kernel', machine.kernel, '-initrd', machine.initrd],
    ...['-append', kernelCommandLine(machine).join(' ')],
  ];
}

/** The words of the kernel command line. */
export function kernelCommandLine(machine: Pick<Machine, 'append'>): string[] {
  return [
    'console=ttyAMA0',
    // Without it, a kernel that dies before its console driver dies in silence.
    'earlycon=pl011,0x9000000',
    'panic=-1',
    // Boot prints warnings and worse; init raises it before it loads the device's driver.
    'loglevel=5',
    // The lines that mark where a test begins must not be rate-limited away.
    'printk.devkmsg=on',
    ...machine.append,
  ];
}

/** The arguments that give each device of the kind `driver` these properties. */
export function globals(driver: string, properties: Properties): string[] {
  return Object.entries(properties).flatMap(([name, value]) => [
    '-global',
    `driver=${driver},property=${name},value=${text(value)}`,
  ]);
}

function socketArgs(sockets: Sockets): string[] {
  return [
    ...['-chardev', connect('qmp', sockets.qmp), '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', connect(CONSOLE_ID, sockets.console), '-serial', `chardev:${CONSOLE_ID}`],
    ...['-chardev', connect('ready', sockets.ready)],
  ];
}

function connect(id: string, path: string): string {
  return `socket,id=${id},path=${escapeComma(path)},server=off`;
}

function pciArgs({ testDevice, devices }: Machine): string[] {
  return [
    // Slot 1 is where the SMMU's stream id and the driver's tests expect the device.
    ...(testDevice ? ['-device', deviceArg('dma-testdev', TEST_DEVICE_ID, 1, testDevice)] : []),
    // Virtio without iommu_platform bypasses the SMMU: what it reports is the test device's alone.
    // The driver spins until a control message is answered. Once, a guest did so for ever while QEMU's
    // main loop slept over the eventfd; without one the virtual CPU's own thread handles the kick.
    ...['-device', 'virtio-serial-pci,addr=02.0,ioeventfd=off'],
    ...['-device', `virtserialport,chardev=ready,name=${READY_PORT}`],
    ...['-netdev', 'user,id=net,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22'],
    // romfile= because direct boot needs no option ROM and our QEMU ships none.
    ...['-device', 'virtio-net-pci,addr=03.0,netdev=net,romfile='],
    ...['-device', 'virtio-rng-pci,addr=04.0'],
    ...devices.flatMap((device) => ['-device', device]),
  ];
}

function deviceArg(driver: string, id: string, slot: number, properties: Properties): string {
  const addr = `${slot.toString(16).padStart(2, '0')}.0`;
  const rest = Object.entries(properties).map(([name, value]) => `,${name}=${text(value)}`);
  return `${driver},id=${id},addr=${addr}${rest.join('')}`;
}

function text(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return escapeComma(`${value}`);
}

/** QEMU ends an option's value at a comma unless it is doubled. */
function escapeComma(value: string): string {
  return value.replaceAll(',', ',,');
}
