import { meteredDocker, meteredLocal } from "../engines/index.ts"
import { type Meter, type MeterOptions, openMeter } from "../meters/index.ts"

export { type Meter, machineFacts } from "../meters/index.ts"

export interface FleetMeterOptions extends Omit<MeterOptions, "metered"> {
  readonly project: string
  /** Directory of the configuration. */
  readonly projectDirectory: string
  readonly engine: "local" | "docker"
  /** Of the user's, for Docker. Containers of another computer are not measured. */
  readonly context?: string
}

/** Measures what all machines of a project's engine use of this computer. */
export const openFleetMeter = (options: FleetMeterOptions): Promise<Meter> => {
  const { project, projectDirectory, engine, context, ...how } = options
  const metered =
    engine === "local"
      ? meteredLocal({ project, projectDirectory })
      : meteredDocker({ project, projectDirectory, context })
  return openMeter({ ...how, metered })
}
