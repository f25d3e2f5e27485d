export { extraMachineSeconds } from "./extra.ts"
export { machineFacts } from "./facts.ts"
export { type MeasuredUse, type Meter, type MeterOptions, openMeter } from "./meter.ts"
