import type { AppRouter } from '@huiyuan/bff'
import { type Fault, isFaultCode } from '@huiyuan/shared/faults'
import { createTRPCClient, httpBatchLink, TRPCClientError, type TRPCLink } from '@trpc/client'
import type { inferRouterOutputs } from '@trpc/server'
import { observable } from '@trpc/server/observable'
import { ownInstall } from './install'
import { NoAnswer, taroFetch } from './request'
import { bearer, heldTokens, holdTokens, rereadTokens } from './tokens'

export type RouterOutputs = inferRouterOutputs<AppRouter>

/** Why a call did not succeed: the server's fault, or what the network did. */
export type Trouble = Fault | { code: 'OFFLINE' | 'SLOW'; detail: Record<string, never> }

const trouble = (code: 'OFFLINE' | 'SLOW'): Trouble => ({ code, detail: {} })

/** What went wrong, as something there are words for. A code from a newer server keeps its detail out. */
export function faultOf(error: unknown): Trouble {
  const cause = error instanceof TRPCClientError ? (error.cause ?? error) : error
  if (cause instanceof NoAnswer) return trouble(cause.kind === 'slow' ? 'SLOW' : 'OFFLINE')
  const fault = error instanceof TRPCClientError ? (error.data?.fault as Fault | undefined) : undefined
  if (fault && isFaultCode(fault.code)) return fault
  return { code: 'UNKNOWN', detail: { rid: '' } }
}

const link = (signed: boolean) =>
  httpBatchLink<AppRouter>({
    url: `${BFF_URL}/trpc`,
    methodOverride: 'POST',
    maxItems: 10,
    fetch: taroFetch as never,
    headers: () => (signed ? tokenHeader() : {}),
  })

/** Asks for new tokens; carries no old ones, so that it can run while everything else waits for it. */
const plain = createTRPCClient<AppRouter>({ links: [link(false)] })

let turning: Promise<boolean> | null = null

/** Turns the refresh token over, once for all who wait. False when the session is over for good. */
function turnTokens(): Promise<boolean> {
  turning ??= turn().finally(() => {
    turning = null
  })
  return turning
}

async function turn(): Promise<boolean> {
  const before = heldTokens()
  const own = rereadTokens()
  if (own?.kind !== 'member') {
    holdTokens(null)
    return false
  }
  // another tab has renewed already; the old refresh token would look like a copied one
  if (before?.kind === 'member' && before.tokens.refreshToken !== own.tokens.refreshToken) {
    holdTokens(own)
    return true
  }
  try {
    const { memberId, ...tokens } = await plain.session.refresh.mutate({
      refreshToken: own.tokens.refreshToken,
      ...ownInstall(),
    })
    // the record of this place may be another by now, or its own again; an older server does not say
    holdTokens({ kind: 'member', memberId: memberId ?? own.memberId, tokens, renewed: true })
    return true
  } catch (error) {
    if (faultOf(error).code !== 'SESSION_OVER') throw error
    holdTokens(null)
    return false
  }
}

/** Sends a call again, once, when its token was over and could be renewed. */
const renewing: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) =>
    observable((observer) => {
      let ended = false
      let inner: { unsubscribe(): void } | null = null
      const attempt = (again: boolean) => {
        inner = next(op).subscribe({
          next: (value) => observer.next(value),
          complete: () => observer.complete(),
          error: (error) => {
            if (again || faultOf(error).code !== 'SESSION_OVER') return observer.error(error)
            turnTokens().then(
              (renewed) => {
                if (ended) return
                if (renewed) attempt(true)
                else observer.error(error)
              },
              (broken) => observer.error(TRPCClientError.from(broken)),
            )
          },
        })
      }
      attempt(false)
      return () => {
        ended = true
        inner?.unsubscribe()
      }
    })

const tokenHeader = (): Record<string, string> => {
  const token = bearer()
  return token ? { authorization: `Bearer ${token}` } : {}
}

/** Sends something that is no procedure with the phone's token; again, once, when that was over and could be renewed. */
export async function withToken<T>(send: (header: Record<string, string>) => Promise<T>): Promise<T> {
  try {
    return await send(tokenHeader())
  } catch (error) {
    if (faultOf(error).code !== 'SESSION_OVER' || !(await turnTokens())) throw error
    return send(tokenHeader())
  }
}

/** The server, typed by its router. */
export const api = createTRPCClient<AppRouter>({ links: [renewing, link(true)] })
