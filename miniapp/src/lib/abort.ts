type AbortListener = (event: { type: 'abort'; target: AbortFlag }) => void

/** What tRPC's client and TanStack Query need of an AbortSignal. */
class AbortFlag {
  aborted = false
  reason: unknown
  onabort: AbortListener | null = null
  private readonly listeners = new Set<AbortListener>()

  addEventListener(_type: 'abort', listener: AbortListener): void {
    this.listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: AbortListener): void {
    this.listeners.delete(listener)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  raise(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason ?? Object.assign(new Error('aborted'), { name: 'AbortError' })
    const event = { type: 'abort' as const, target: this }
    this.onabort?.(event)
    for (const listener of [...this.listeners]) listener(event)
    this.listeners.clear()
  }
}

/** Stands in for the browser's AbortController in WeChat, which has none. The build provides it by name. */
export class AbortController {
  readonly signal = new AbortFlag()

  abort(reason?: unknown): void {
    this.signal.raise(reason)
  }
}
