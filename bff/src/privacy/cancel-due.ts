import { DAY_MS, endOfBusinessDay } from '@huiyuan/shared/time'
import type { Ctx } from '../ctx'

/** Until when somebody who asks now to leave can come back: the end of a business day. */
export const cancelDue = ({ now, policy }: Pick<Ctx, 'now' | 'policy'>): Date =>
  endOfBusinessDay(new Date(now().getTime() + policy.cancelDays * DAY_MS))
