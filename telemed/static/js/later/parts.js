// What most conversations do without until late: readings and orders, fetched together (../talk/later.js).
import { data } from "../call/view.js";
import { Readings } from "../readings/page.js";
import { OrdersShown, OrdersWritten } from "./orders.js";
/** @import { Log } from "../readings/page.js" */

export class Parts {
  /** @param {Log} log */
  constructor(log) {
    this.readings = new Readings(log);
    this.orders = data.seat === "patient" ? new OrdersShown() : data.seat === "practitioner" ? new OrdersWritten() : null;
  }
}
