import { askHome } from '../../lib/home'
import { go } from '../../lib/nav'

/** Straight to the gift that waits for somebody new; home is fine when there is none, or no answer. */
export async function openGift(): Promise<void> {
  const home = await askHome().catch(() => null)
  if (home?.gift) go('/pages/gift/gift')
}
