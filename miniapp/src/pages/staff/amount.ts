import { isRingUpAmount, MAX_AMOUNT_FEN, parseYuan } from '@huiyuan/shared/money'
import type { Key } from '../../ui/keypad'

/** What an amount reads after one more key; a key that leads to no amount changes nothing. */
export function typed(text: string, key: Key): string {
  if (key === 'del') return text.slice(0, -1)
  const next = key === '.' ? `${text || '0'}.` : text === '0' ? key : text + key
  const fen = parseYuan(next)
  return fen === null || fen > MAX_AMOUNT_FEN ? text : next
}

/** The typed amount in fen; 0 while there is none that may be rung up. */
export function fenOf(text: string): number {
  const fen = parseYuan(text) ?? 0
  return isRingUpAmount(fen) ? fen : 0
}
