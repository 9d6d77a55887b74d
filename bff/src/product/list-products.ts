import { earlyAccessOf } from '@huiyuan/shared/mall'
import { earlyOpensAt, type ProductState, productStateOf } from '@huiyuan/shared/product'
import type { RightState } from '@huiyuan/shared/right'
import { type Ctx, memberIdOf } from '../ctx'
import { refuse } from '../refusal'
import { ownRights, type RightFacts, type RightJson } from '../right'

interface ProductRow {
  sku: string
  title: string
  subtitle: string
  category: string
  priceFen: number
  /** EAN-13 of the pack; null where nothing is printed. */
  barcode: string | null
  star: boolean
  /** Which of the brand's drawings shows it. */
  art: string
  publicAt: string
  earlyHours: number | null
  endsAt: string | null
}

export interface ShownProduct extends Omit<ProductRow, 'earlyHours' | 'endsAt'> {
  /** From when on this reader may buy it before the public; null where no right lets them. */
  earlyOpensAt: string | null
  /** The right of early access worth telling about while the public waits: from when it lets in, and which tier brings a locked one. */
  early: { opensAt: string; state: RightState['state']; tier: number | null } | null
  state: Exclude<ProductState, 'over'>
}

export interface Menu {
  categories: { categoryId: string; title: string }[]
  products: ShownProduct[]
}

interface MenuRows {
  tier: number | null
  rights: RightJson[]
  own: RightFacts
  categories: Menu['categories']
  products: ProductRow[]
}

async function readMenu(ctx: Ctx, memberId: string | null): Promise<Menu & { tier: number | null }> {
  const at = ctx.now()
  const { tier, rights, own, categories, products } = await ctx.sql<MenuRows>('product_list', { memberId, at })
  const mine = ownRights(rights, tier ?? 0, own, at)
  const shown = products.map(({ earlyHours, endsAt, ...row }) => {
    const window = { publicAt: new Date(row.publicAt), earlyHours, endsAt: endsAt === null ? null : new Date(endsAt) }
    const opensAt = earlyOpensAt(window, mine)
    // the list is without what is over
    const state = productStateOf(window, opensAt, at) as ShownProduct['state']
    const early = earlyAccessOf(window, mine, at)
    const told = early && { opensAt: early.opensAt.toISOString(), state: early.right.state, tier: early.right.tierFrom }
    return { ...row, earlyOpensAt: opensAt?.toISOString() ?? null, early: told, state }
  })
  return { tier, categories, products: shown }
}

/** The menu as everybody sees it. */
export async function showMenu(ctx: Ctx): Promise<Menu> {
  const { tier: _tier, ...menu } = await readMenu(ctx, null)
  return menu
}

/** The menu for a member, with what comes earlier for them. @throws SESSION_OVER */
export async function listProducts(ctx: Ctx): Promise<Menu> {
  const { tier, ...menu } = await readMenu(ctx, memberIdOf(ctx))
  // a record that was merged away meanwhile: its session is told so by the next call
  return tier === null ? refuse('SESSION_OVER') : menu
}
