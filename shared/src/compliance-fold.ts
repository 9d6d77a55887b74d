/**
 * Words as they are meant, not as they are disguised: fullwidth, circled and bold letters, traditional characters, pinyin, letters
 * of other alphabets, and whatever stands between two characters to keep them apart.
 */

/** A text without its disguise: its letters and figures in a row, and where each stood. */
export interface Folded {
  /** Everything in one row. */
  tight: string
  /** The same, with `|` where a sentence ends. */
  loose: string
  /** The passage of the original that a part of `tight` or `loose` was made of. */
  passage: (from: 'tight' | 'loose', start: number, length: number) => string
}

const TRADITIONAL =
  '轉转転转發发発发彂发髮发領领獲获賺赚點点擊击幫帮讚赞贊赞紅红現现錢钱級级線线團团隊队獎奖評评關关開开鎖锁鏈链費费幣币強强親亲壓压動动復复購购買买換换優优禮礼給给請请貼贴圖图碼码掃扫羣群組组隨随機机穩稳裂裂變变層层兩两傭佣體体驗验門门個个們们來来時时釋释權权終终歸归國国絕绝對对療疗癒愈減减風风險险廣广訊讯應应話话瀏浏覽览閱阅讀读訪访問问註注絲丝選选勝胜贈赠雙双無无條条圓圆財财薦荐萬万億亿塊块單单滿满當当從从會会員员號号後后證证聽听說说見见經经銷销業业績绩營营養养瘦瘦腫肿藥药醫医緊紧擴扩瘋疯驚惊統统還还讓让將将邊边間间額额禮礼報报繳缴裡里確确實实盡尽屆届聯联繫系訂订徵征網网專专貝贝車车麼么誰谁嗎吗為为這这過过剛刚進进達达適适連连錄录鎮镇黃黄齊齐龍龙'
const PLAIN = new Map<string, string>()
for (let at = 0; at + 1 < TRADITIONAL.length; at += 2) PLAIN.set(TRADITIONAL.charAt(at), TRADITIONAL.charAt(at + 1))
// letters of other alphabets that look like ours, pictures that stand for words, and the sign that calls somebody
const LOOKS = '\u0430a\u0435e\u043eo\u0440p\u0441c\u0443y\u0445x\u0455s\u0456i\u03bfo\u03b1a\u03c1p@@'
for (let at = 0; at + 1 < LOOKS.length; at += 2) PLAIN.set(LOOKS.charAt(at), LOOKS.charAt(at + 1))
for (const [picture, word] of [
  ['🧧', '红包'],
  ['💰', '钱'],
  ['💵', '钱'],
  ['🤑', '赚'],
  ['👍', '点赞'],
  ['🆓', '免费'],
] as const)
  PLAIN.set(picture, word)

/** Said in pinyin, half in pinyin, or taken apart into the halves of a character. */
const SAID: [RegExp, string][] = [
  [/贝兼/, '赚'],
  [/转法|车专|[转]fa|zhuan(?:发|fa)/, '转发'],
  [/zf(?=[领有得送拿抽即就])/, '转发'],
  [/fx(?=[领有得送拿抽即就])/, '分享'],
  [/分亨|(?:分|fen)xiang|fen享/, '分享'],
  [/zhuan(?:钱|qian)|(?:躺|tang)zhuan/, '赚钱'],
  [/peng(?:you|友)(?:quan|圈)|pyq/, '朋友圈'],
  [/(?:红|hong)bao|hong包/, '红包'],
  [/领卷/, '领券'],
  [/(?:集|ji)zan|ji赞/, '集赞'],
  [/(?:点|dian)zan|dian赞/, '点赞'],
  [/hao(?:评|ping)|好ping/, '好评'],
]

const LETTER = /[\p{L}\p{N}@]/u
const SENTENCE_END = /[。！？!?；;…\n\r.]/u

/** A piece of so few letters before or after a full stop is no sentence. */
const SHORT = 2

export function fold(text: string): Folded {
  const letters: { letter: string; at: number; until: number }[] = []
  const ends = new Set<number>()
  let at = 0
  for (const sign of text) {
    const meant = PLAIN.get(sign) ?? sign.normalize('NFKC').toLowerCase()
    for (const one of meant) {
      if (LETTER.test(one)) letters.push({ letter: PLAIN.get(one) ?? one, at, until: at + sign.length })
      else if (SENTENCE_END.test(one)) ends.add(letters.length)
    }
    at += sign.length
  }
  const tight = respelled(letters, ends)
  const breaks = realEnds([...ends], tight.length)
  const loose = tight.flatMap((one, nth) =>
    breaks.has(nth) ? [{ letter: '|', at: one.at, until: one.at }, one] : [one],
  )
  const rows = { tight, loose }
  const textOf = (row: typeof tight) => row.map(({ letter }) => letter).join('')
  return {
    tight: textOf(tight),
    loose: textOf(loose),
    passage: (from, start, length) => {
      const part = rows[from].slice(start, start + length)
      return text.slice(part[0]?.at ?? 0, part[part.length - 1]?.until ?? 0)
    },
  }
}

interface Letter {
  letter: string
  at: number
  until: number
}

/** Every letter one UTF-16 unit, so that an index into the row is one into its text; what was spelled is said. */
function respelled(letters: Letter[], ends: Set<number>): Letter[] {
  const row = letters.map((one) => (one.letter.length === 1 ? one : { ...one, letter: '□' }))
  for (const [spelled, said] of SAID)
    for (;;) {
      const found = spelled.exec(row.map(({ letter }) => letter).join(''))
      if (!found) break
      const { index } = found
      const { length } = found[0]
      const span = { at: row[index]?.at ?? 0, until: row[index + length - 1]?.until ?? 0 }
      row.splice(index, length, ...[...said].map((letter) => ({ letter, ...span })))
      const moved = [...ends].map((end) => (end <= index ? end : Math.max(index, end - length + said.length)))
      ends.clear()
      for (const end of moved) ends.add(end)
    }
  return row
}

/** `转。发。领。券` has no sentences: a stop counts only between two pieces that could be some. */
function realEnds(ends: number[], length: number): Set<number> {
  const marks = [0, ...ends.sort((a, b) => a - b), length]
  const real = new Set<number>()
  for (let nth = 1; nth < marks.length - 1; nth++) {
    const [before = 0, here = 0, after = 0] = marks.slice(nth - 1, nth + 2)
    if (here - before > SHORT && after - here > SHORT) real.add(here)
  }
  return real
}
