/**
 * The price of who buys: for each piece the better of member price and the discount of the tier, and then what was bought
 * here lately a little cheaper again.
 */
import { yuanText } from './money'
import type { Policy } from './policy'
import { allocate, type Basket, linesIn, type PricedLine, percentOff, takeOffLine } from './price-lines'
import { closedLine, foldText, type ReceiptLine, ruleId, ruleLine } from './price-receipt'
import { type MemberPrice, type PriceRule, type RuleStanding, rulesOf, type TierDiscount } from './price-rule'
import { rungOf } from './tier'
import { DAY_MS } from './time'

interface Facts {
  rules: readonly PriceRule[]
  tier: number
  bought: readonly { sku: string; at: Date }[]
  now: Date
  policy: Policy
}

/** A percentage to pay, with what of which line it counts for. */
interface PercentRule {
  rule: string
  payPercent: number
  lines: PricedLine[]
  /** By the same index as `lines`. */
  basesFen: number[]
  baseFen: number
  offFen: number
}

const percentRule = (rule: string, payPercent: number): PercentRule => ({
  rule,
  payPercent,
  lines: [],
  basesFen: [],
  baseFen: 0,
  offFen: 0,
})

function counts(of: PercentRule, line: PricedLine, baseFen: number) {
  if (baseFen <= 0) return
  of.lines.push(line)
  of.basesFen.push(baseFen)
  of.baseFen += baseFen
}

/** Rounded once over everything it counts for. */
function layPercent(of: PercentRule) {
  of.offFen = percentOff(of.baseFen, of.payPercent)
  const shares = allocate(of.offFen, of.basesFen)
  of.lines.forEach((line, at) => {
    takeOffLine(line, of.rule, shares[at] as number)
  })
}

/** What the pieces of one rule of member prices cost on the menu and as a member. */
interface MemberUse {
  rule: RuleStanding & MemberPrice
  touched: boolean
  left: number
  menuFen: number
  offFen: number
}

/** Lays member prices and tier discounts on the lines; each piece has the lower of both, the member price where they are alike. */
export function layTierPrices(basket: Basket, facts: Facts): ReceiptLine[] {
  const { payPercent, name } = rungOf(facts.tier, facts.policy)
  const ladder = percentRule('tier_price', payPercent)
  const tierRules = rulesOf(facts.rules, 'tier_discount').map((rule) => ({
    rule,
    lines: linesIn(basket, rule.payload.scope),
    percent: percentRule(ruleId(rule.rightId), rule.payload.payPercent),
  }))
  const best = basket.lines.map(() => ladder)
  for (const { rule, lines, percent } of tierRules) {
    if (rule.state !== 'available') continue
    for (const { lineNo } of lines)
      if (percent.payPercent < (best[lineNo - 1] as PercentRule).payPercent) best[lineNo - 1] = percent
  }
  const uses = layMemberPrices(basket, best, facts)
  const discounts = [ladder, ...tierRules.map(({ percent }) => percent)]
  for (const discount of discounts) layPercent(discount)
  return [
    ...uses.filter(({ touched }) => touched).map((use) => memberLine(use, facts)),
    ...ladderLines(ladder, `${name}会员价 ${foldText(payPercent)}`),
    ...tierRules.filter(({ lines }) => lines.length > 0).map(({ rule, percent }) => discountLine(rule, percent, facts)),
  ]
}

/** Which rule's price a piece may have: `savedCents` is hundredths of a fen below what it would cost otherwise. */
interface Candidate {
  use: MemberUse
  line: PricedLine
  priceFen: number
  savedCents: number
}

/** Prices of limited rules go to the pieces on which they save most; every other piece has its best price without a limit. */
function layMemberPrices(basket: Basket, best: readonly PercentRule[], { rules }: Facts): MemberUse[] {
  const uses = rulesOf(rules, 'member_price').map(
    (rule): MemberUse => ({ rule, touched: false, left: rule.payload.maxPieces ?? Infinity, menuFen: 0, offFen: 0 }),
  )
  const open: (Candidate | null)[] = basket.lines.map(() => null)
  const limited: Candidate[] = []
  for (const use of uses)
    for (const line of basket.lines) {
      const candidate = candidateOf(use, line, best[line.lineNo - 1] as PercentRule)
      if (!candidate) continue
      const other = open[line.lineNo - 1]
      if (use.left !== Infinity) limited.push(candidate)
      else if (!other || candidate.priceFen < other.priceFen) open[line.lineNo - 1] = candidate
    }
  const pieces = basket.lines.map(({ qty }) => qty)
  layLimited(limited, open, pieces)
  for (const line of basket.lines) {
    const left = pieces[line.lineNo - 1] as number
    const candidate = open[line.lineNo - 1]
    if (candidate) layPieces(candidate, left)
    else counts(best[line.lineNo - 1] as PercentRule, line, left * line.unitFen)
  }
  return uses
}

/** Null where the rule has no price for the line, or none that is better than the tier's. */
function candidateOf(use: MemberUse, line: PricedLine, { payPercent }: PercentRule): Candidate | null {
  const { sku, unitFen } = line
  const listed = sku === null ? undefined : use.rule.payload.prices[sku]
  if (typeof listed !== 'number' || listed >= unitFen) return null
  use.touched = true
  const priceFen = Math.max(0, listed)
  const savedCents = unitFen * payPercent - priceFen * 100
  return use.rule.state === 'available' && savedCents >= 0 ? { use, line, priceFen, savedCents } : null
}

/** Of equal savings the earlier rule and line come first, as they are given. */
function layLimited(limited: Candidate[], open: readonly (Candidate | null)[], pieces: number[]) {
  const savedOver = ({ line, priceFen, savedCents }: Candidate) => {
    const other = open[line.lineNo - 1]
    return other ? (other.priceFen - priceFen) * 100 : savedCents
  }
  const order = limited
    .map((candidate) => ({ candidate, saved: savedOver(candidate) }))
    .filter(({ candidate, saved }) => saved > 0 || (saved === 0 && !open[candidate.line.lineNo - 1]))
    .sort((a, b) => b.saved - a.saved)
  for (const { candidate } of order) {
    const at = candidate.line.lineNo - 1
    const taken = Math.min(candidate.use.left, pieces[at] as number)
    candidate.use.left -= taken
    pieces[at] = (pieces[at] as number) - taken
    layPieces(candidate, taken)
  }
}

function layPieces({ use, line, priceFen }: Candidate, pieces: number) {
  const offFen = (line.unitFen - priceFen) * pieces
  use.menuFen += line.unitFen * pieces
  use.offFen += offFen
  takeOffLine(line, ruleId(use.rule.rightId), offFen)
}

function memberLine({ rule, menuFen, offFen }: MemberUse, { now, policy }: Facts): ReceiptLine {
  if (rule.state !== 'available') return closedLine(rule, now, policy)
  if (offFen === 0) return ruleLine(rule, 'refused', '已有一样低或更低的价')
  const { maxPieces } = rule.payload
  const limit = typeof maxPieces === 'number' ? `，每单限 ${maxPieces} 件` : ''
  const words = `菜单价 ${yuanText(menuFen)}，会员价 ${yuanText(menuFen - offFen)}${limit}`
  return ruleLine(rule, 'applied', words, offFen)
}

/** `菜单价 ¥68.00，会员省 ¥1.36`: what the discount was laid on, and what it came to. */
const savedWords = ({ baseFen, offFen }: PercentRule) => `菜单价 ${yuanText(baseFen)}，会员省 ${yuanText(offFen)}`

/** Nothing where the tier pays the full price; nothing, too, where every piece has a lower price of another rule. */
function ladderLines(ladder: PercentRule, title: string): ReceiptLine[] {
  if (ladder.offFen === 0) return []
  const { rule, offFen } = ladder
  return [{ rule, kind: 'tier_price', state: 'applied', title, words: savedWords(ladder), offFen }]
}

function discountLine(rule: RuleStanding & TierDiscount, percent: PercentRule, { now, policy }: Facts): ReceiptLine {
  if (rule.state !== 'available') return closedLine(rule, now, policy)
  if (percent.offFen === 0) return ruleLine(rule, 'refused', '已有一样低或更低的价')
  return ruleLine(rule, 'applied', savedWords(percent), percent.offFen)
}

/** Lays repurchase discounts on what is left to pay of articles bought lately; of several the lowest percentage counts. */
export function layRepurchases(basket: Basket, { rules, bought, now, policy }: Facts): ReceiptLine[] {
  const repurchases = rulesOf(rules, 'repurchase_discount')
  if (repurchases.length === 0) return []
  const lastBought = new Map<string, number>()
  for (const { sku, at } of bought) lastBought.set(sku, Math.max(lastBought.get(sku) ?? 0, at.getTime()))
  const best: (PercentRule | null)[] = basket.lines.map(() => null)
  const laid = repurchases.map((rule) => {
    const { payPercent, withinDays, scope } = rule.payload
    const percent = percentRule(ruleId(rule.rightId), payPercent)
    const articles = linesIn(basket, scope).filter(({ sku }) => sku !== null)
    const since = now.getTime() - withinDays * DAY_MS
    const again = articles.filter(({ sku }) => (lastBought.get(sku as string) ?? 0) >= since)
    if (rule.state === 'available')
      for (const { lineNo } of again) if (payPercent < (best[lineNo - 1]?.payPercent ?? 100)) best[lineNo - 1] = percent
    return { rule, percent, articles, again }
  })
  for (const line of basket.lines) {
    const percent = best[line.lineNo - 1]
    if (percent) counts(percent, line, line.payableFen)
  }
  for (const { percent } of laid) layPercent(percent)
  return laid
    .filter(({ articles }) => articles.length > 0)
    .map(({ rule, percent, again }) => {
      if (rule.state !== 'available') return closedLine(rule, now, policy)
      const { withinDays, payPercent } = rule.payload
      if (again.length === 0) return ruleLine(rule, 'refused', `${withinDays} 天内买过的同款才有`)
      if (percent.offFen === 0) return ruleLine(rule, 'refused', '已有一样低或更低的价')
      const words = `${withinDays} 天内买过，折后 ${yuanText(percent.baseFen)} 再打 ${foldText(payPercent)}`
      return ruleLine(rule, 'applied', words, percent.offFen)
    })
}
