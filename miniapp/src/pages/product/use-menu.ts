import { useCallback, useMemo } from 'react'
import { api } from '../../lib/api'
import { type Read, useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { FIRST_DAY, type Standing, type StandingJson, standingOf } from './facts'
import type { Menu } from './menu-words'

/** The menu as this reader sees it; a guest sees everybody's. */
export function useMenu(): Read<Menu> {
  const { state } = useSession()
  const member = state === 'member'
  return useRead<Menu>(
    ['menu', member ? 'list' : 'window'],
    () => (member ? api.product.list.query() : api.product.window.query()),
    { keepAs: member ? 'menu' : 'menu-window', enabled: state !== 'starting' },
  )
}

export interface Known {
  /** Null while it is not known. */
  standing: Standing | null
  /** A guest's price is what joining would make of it. */
  member: boolean
  read: Read<StandingJson>
  /** By the server's clock. */
  now(): Date
}

/** What a price asks of this member, read once and again when the page is shown; no tap asks for anything. */
export function useStanding(): Known {
  const { state } = useSession()
  const member = state === 'member'
  const read = useRead<StandingJson>(['order-facts'], () => api.order.facts.query(), {
    keepAs: 'order-facts',
    enabled: member,
  })
  const { data, at } = read
  const standing = useMemo(() => (member ? data && standingOf(data) : FIRST_DAY) ?? null, [member, data])
  const ahead = member && data ? Date.parse(data.now) - at : 0
  const now = useCallback(() => new Date(Date.now() + ahead), [ahead])
  return { standing, member, read, now }
}
