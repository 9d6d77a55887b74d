/**
 * More for less: from so many pieces, or so much on the menu, on. Of the rules of one group the one that takes off most
 * counts; groups come by name, each on what the one before has left.
 */
import { yuanText } from './money'
import type { Policy } from './policy'
import { type Basket, linesIn, type PricedLine, percentOff, sumOf, takeOff } from './price-lines'
import { closedLine, foldText, type ReceiptLine, ruleId, ruleLine } from './price-receipt'
import { type PriceRule, type RuleStanding, rulesOf, type VolumeDiscount, type VolumeStep } from './price-rule'

type VolumeRule = RuleStanding & VolumeDiscount

/** A rule beside the cart: how far it is reached, by the menu, and what its best step would take off now. */
interface Reach {
  rule: VolumeRule
  lines: readonly PricedLine[]
  reached: number
  step: VolumeStep | null
  offFen: number
}

export function layVolumes(
  basket: Basket,
  { rules, now, policy }: { rules: readonly PriceRule[]; now: Date; policy: Policy },
): ReceiptLine[] {
  const groups = new Map<string, VolumeRule[]>()
  for (const rule of rulesOf(rules, 'volume_discount')) {
    const group = groups.get(rule.payload.group)
    if (group) group.push(rule)
    else groups.set(rule.payload.group, [rule])
  }
  const names = [...groups.keys()].sort()
  return names.flatMap((name) => layGroup(basket, groups.get(name) ?? [], now, policy))
}

function layGroup(basket: Basket, rules: readonly VolumeRule[], now: Date, policy: Policy): ReceiptLine[] {
  const reaches = rules.map((rule) => reachOf(basket, rule)).filter(({ lines }) => lines.length > 0)
  let best: Reach | null = null
  for (const reach of reaches) if (reach.rule.state === 'available' && reach.offFen > (best?.offFen ?? 0)) best = reach
  if (best) takeOff(best.lines, ruleId(best.rule.rightId), best.offFen)
  return reaches.map((reach) =>
    reach.rule.state === 'available' ? reachLine(reach, best) : closedLine(reach.rule, now, policy),
  )
}

function reachOf(basket: Basket, rule: VolumeRule): Reach {
  const { scope, by, steps } = rule.payload
  const lines = linesIn(basket, scope)
  const reached = sumOf(lines, by === 'pieces' ? 'qty' : 'fullFen')
  const baseFen = sumOf(lines, 'payableFen')
  let [step, offFen]: [VolumeStep | null, number] = [null, 0]
  for (const each of steps) {
    if (each.from > reached) continue
    const off = stepOff(each, baseFen)
    if (!step || off > offFen || (off === offFen && each.from > step.from)) [step, offFen] = [each, off]
  }
  return { rule, lines, reached, step, offFen }
}

const stepOff = ({ payPercent, offFen = 0 }: VolumeStep, baseFen: number): number =>
  payPercent === undefined ? Math.max(0, Math.min(offFen, baseFen)) : percentOff(baseFen, payPercent)

function reachLine(reach: Reach, best: Reach | null): ReceiptLine {
  const { rule, step, offFen } = reach
  const more = moreWords(reach)
  if (!step) return ruleLine(rule, 'near', more)
  const basis = `${rule.payload.by === 'pieces' ? '' : '菜单价'}满 ${fromText(rule, step.from)}，${step.payPercent === undefined ? '减 ' : ''}${stepText(step)}`
  if (reach === best) return ruleLine(rule, 'applied', more ? `${basis}；${more}` : basis, offFen)
  if (offFen === 0) return ruleLine(rule, 'refused', '已经没有可减的了')
  return ruleLine(rule, 'refused', `和「${best?.rule.title}」取更省的一个`)
}

/** `再买 2 件享 85 折`: what is missing to the next step; nothing above the last one. */
function moreWords({ rule, reached }: Reach): string {
  let next: VolumeStep | null = null
  for (const each of rule.payload.steps) if (each.from > reached && (!next || each.from < next.from)) next = each
  if (!next) return ''
  const gap = rule.payload.by === 'pieces' ? '' : ' '
  return `再买 ${fromText(rule, next.from - reached)}${gap}${next.payPercent === undefined ? '减' : '享'} ${stepText(next)}`
}

const fromText = ({ payload: { by } }: VolumeRule, from: number) => (by === 'pieces' ? `${from} 件` : yuanText(from))

const stepText = ({ payPercent, offFen = 0 }: VolumeStep): string =>
  payPercent === undefined ? yuanText(offFen) : foldText(payPercent)
