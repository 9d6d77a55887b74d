import { useRef } from 'react'
import type { Trouble } from './api'
import { type CommandState, useCommand } from './query'

/** After these it is not known whether the command was done. */
const UNSURE: Trouble['code'][] = ['OFFLINE', 'SLOW', 'BUSY', 'SERVICE_AWAY', 'UNKNOWN']

export interface Steady<Input, Output> extends CommandState<Input, Output> {
  /** Nobody knows whether it was done: it can only be asked again, as it was. */
  unsure: boolean
  /** When this intent was sent first, in ms. */
  sentAt(): number
}

/** A command that, while its outcome is unknown, sends what it has sent, whatever stands on the screen by then. */
export function useSteady<Input, Output>(
  send: (input: Input, requestId: string) => Promise<Output>,
): Steady<Input, Output> {
  const command = useCommand(send)
  const sent = useRef<{ input: Input; at: number } | null>(null)
  const unsure = command.fault !== null && UNSURE.includes(command.fault.code)
  const run = (input: Input) => {
    const same = unsure && sent.current ? sent.current : { input, at: Date.now() }
    if (!command.busy) sent.current = same
    return command.run(same.input)
  }
  const clear = () => {
    sent.current = null
    command.clear()
  }
  return { ...command, run, clear, unsure, sentAt: () => sent.current?.at ?? Date.now() }
}
