import { focusManager, onlineManager, QueryClient, useQuery } from '@tanstack/react-query'
import Taro, { useDidShow } from '@tarojs/taro'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { faultOf, type Trouble } from './api'
import { newId } from './id'
import { onNetwork } from './network'
import { keep, kept } from './storage'
import { heldTokens, useHolder } from './tokens'

const STALE_MS = 20_000
const SLOW_MS = 3_000

/** Server state of the whole app. A refusal is an answer and is not asked again; a lost network is, once. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_MS,
      gcTime: 10 * 60_000,
      retryDelay: 600,
      retry: (times, error) => times < 1 && ['OFFLINE', 'SLOW', 'BUSY'].includes(faultOf(error).code),
      networkMode: 'always',
      refetchOnReconnect: 'always',
    },
  },
})

/** Tells the query client what WeChat calls show, hide and network. */
export function wireQueries(): void {
  onNetwork((online) => onlineManager.setOnline(online))
  Taro.onAppShow?.(() => focusManager.setFocused(true))
  Taro.onAppHide?.(() => focusManager.setFocused(false))
}

interface KeptRead {
  at: number
  data: unknown
}
const KEPT = 'reads'
interface KeptReads {
  shape: string
  /** Whose they are. */
  who: string
  reads: Record<string, KeptRead>
}
/**
 * What this person read here before. What another person read is nobody's business, and the answers of another server may
 * lack what these pages draw: both are forgotten.
 */
function keptReads(who: string): Record<string, KeptRead> {
  const stored = kept<KeptReads>(KEPT)
  return stored?.shape === SERVER_SHAPE && stored.who === who ? stored.reads : {}
}

/** In whose name things are read now; nobody's and a guest's are alike. */
export function readerOf(): string {
  const held = heldTokens()
  return held?.kind === 'member' ? held.memberId : ''
}

export interface Read<T> {
  data: T | undefined
  /** When the data was true, in epoch ms. */
  at: number
  fault: Trouble | null
  loading: boolean
  /** Three seconds have passed without an answer. */
  slow: boolean
  /** What is shown is the last known, since the network does not answer. */
  offline: boolean
  reload(): Promise<void>
}

/**
 * Reads from the server, again when the page is shown and stale. `keepAs` names a place on the phone where the last
 * answer stays, to be shown when there is no network.
 */
export function useRead<T>(
  key: unknown[],
  ask: () => Promise<T>,
  { keepAs, enabled = true }: { keepAs?: string; enabled?: boolean } = {},
): Read<T> {
  const { known } = useHolder()
  // looked up again when another thing is read in the same place
  const who = readerOf()
  const last = useMemo(() => (keepAs ? keptReads(who)[keepAs] : undefined), [keepAs, who])
  const query = useQuery({
    // a page that stays in sight while somebody else signs in starts with nothing
    queryKey: [...key, who],
    queryFn: ask,
    enabled: enabled && known,
    ...(last ? { initialData: last.data as T, initialDataUpdatedAt: last.at } : {}),
  })
  const { data, dataUpdatedAt, error, isFetching, refetch, isStale } = query
  useEffect(() => {
    if (!keepAs || data === undefined) return
    const reads = keptReads(who)
    if (dataUpdatedAt > (reads[keepAs]?.at ?? 0))
      keep(KEPT, { shape: SERVER_SHAPE, who, reads: { ...reads, [keepAs]: { at: dataUpdatedAt, data } } })
  }, [keepAs, who, data, dataUpdatedAt])
  useDidShow(() => {
    if (enabled && known && isStale && !isFetching) void refetch()
  })
  const fault = error ? faultOf(error) : null
  const reload = useCallback(async () => {
    await refetch()
  }, [refetch])
  return {
    data,
    at: dataUpdatedAt,
    fault,
    loading: data === undefined && !fault,
    slow: useSlow(isFetching),
    offline: data !== undefined && (fault?.code === 'OFFLINE' || fault?.code === 'SLOW'),
    reload,
  }
}

/** True when `waiting` has lasted for three seconds. */
function useSlow(waiting: boolean): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    setSlow(false)
    if (!waiting) return
    const timer = setTimeout(() => setSlow(true), SLOW_MS)
    return () => clearTimeout(timer)
  }, [waiting])
  return slow
}

export interface CommandState<Input, Output> {
  run(input: Input): Promise<Output | undefined>
  busy: boolean
  fault: Trouble | null
  clear(): void
}

/**
 * Sends a command, never twice at once. One intent keeps its `requestId` until it was answered, so that trying again
 * after a lost answer cannot do it twice.
 */
export function useCommand<Input, Output>(
  send: (input: Input, requestId: string) => Promise<Output>,
): CommandState<Input, Output> {
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState<Trouble | null>(null)
  const running = useRef(false)
  const intent = useRef<{ id: string; body: string } | null>(null)
  const run = async (input: Input) => {
    if (running.current) return undefined
    running.current = true
    setBusy(true)
    setFault(null)
    const body = JSON.stringify([input])
    if (intent.current?.body !== body) intent.current = { id: newId(), body }
    try {
      const output = await send(input, intent.current.id)
      intent.current = null
      return output
    } catch (error) {
      const told = faultOf(error)
      if (!['OFFLINE', 'SLOW', 'BUSY', 'SERVICE_AWAY', 'UNKNOWN'].includes(told.code)) intent.current = null
      setFault(told)
      return undefined
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { run, busy, fault, clear: () => setFault(null) }
}

/** Marks what was read as out of date; what is on screen is asked again. */
export const refresh = (...names: string[]): Promise<unknown> =>
  Promise.all(names.map((name) => queryClient.invalidateQueries({ queryKey: [name] })))
