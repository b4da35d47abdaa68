// The part of Web Bluetooth (webbluetoothcg.github.io/web-bluetooth) that device.js uses; TypeScript's own library has none.

export interface Bluetooth {
  requestDevice(wanted: { filters: { services: number[] }[] }): Promise<BluetoothDevice>;
}

export interface BluetoothDevice extends EventTarget {
  readonly name?: string;
  readonly gatt: { connect(): Promise<Server>; disconnect(): void };
}

interface Server {
  getPrimaryService(service: number): Promise<Service>;
}

interface Service {
  getCharacteristic(characteristic: number): Promise<Characteristic>;
}

interface Characteristic extends EventTarget {
  readonly value?: DataView;
  startNotifications(): Promise<unknown>;
  writeValueWithResponse(value: Uint8Array): Promise<void>;
}
