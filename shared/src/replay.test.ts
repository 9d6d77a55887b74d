import {
  type Books,
  countAccount,
  countPosting,
  differenceOf,
  emptyBooks,
  emptyTotals,
  type Posting,
  post,
  type StoredBooks,
  totalsDifference,
} from './replay'

const MINUTE = 60_000
const posting = (fromAccount: string, toAccount: string, amount: number, more: Partial<Posting> = {}): Posting => ({
  unit: 'points',
  fromAccount,
  toAccount,
  amount,
  lotId: 'a',
  atMs: 0,
  ...more,
})
function replayed(...postings: Posting[]): Books {
  const books = emptyBooks()
  for (const one of postings) post(books, one)
  return books
}

const NOTHING = { available: 0, pending: 0, debt: 0, growth: 0 }
const EARNED = posting('programme:issued', 'member:pending', 68)
const MATURED = posting('member:pending', 'member:available', 68, { atMs: 15 * MINUTE })
const SPENT = posting('member:available', 'programme:spent', 50, { atMs: 20 * MINUTE })
const LOT = { lotId: 'a', state: 'active', earned: 68, remaining: 18 }
const STORED: StoredBooks = { account: { ...NOTHING, available: 18 }, lots: [LOT] }

test('earning, maturing and spending leave what is stored', () => {
  expect(differenceOf(replayed(EARNED, MATURED, SPENT), STORED)).toBeNull()
})

test('a member who never moved anything agrees with an empty account', () => {
  expect(differenceOf(emptyBooks(), { account: NOTHING, lots: [] })).toBeNull()
})

test.each<[string, Partial<StoredBooks>, RegExp]>([
  ['the account', { account: { ...NOTHING, available: 19 } }, /^available: stored 19, replayed 18$/],
  ['growth', { account: { ...NOTHING, available: 18, growth: 1 } }, /^growth: stored 1, replayed 0$/],
  ['a lot', { lots: [{ ...LOT, remaining: 17 }] }, /^lot a: stored 17 active, replayed 0 pending and 18 active$/],
  ['the state of a lot', { lots: [{ ...LOT, state: 'pending' }] }, /^lot a: stored 18 pending, replayed 0 pending/],
  ['what a lot began with', { lots: [{ ...LOT, earned: 69 }] }, /^lot a: stored 69 earned, replayed 68$/],
  ['a lot nothing moved', { lots: [LOT, { ...LOT, lotId: 'b', remaining: 0 }] }, /^lot b: .*no transfer names it$/],
  ['a lot that is gone', { lots: [] }, /^lot a: named by transfers, but not there$/],
  ['no account', { account: null }, /no account/],
])('%s that says something else is named', (_what, wrong, words) => {
  expect(differenceOf(replayed(EARNED, MATURED, SPENT), { ...STORED, ...wrong })).toMatch(words)
})

test('I-L2: points that moved without a lot are named, though account and transfers agree', () => {
  const books = replayed(EARNED, MATURED, SPENT, {
    ...EARNED,
    toAccount: 'member:available',
    lotId: null,
    atMs: 21 * MINUTE,
  })
  const words = differenceOf(books, { ...STORED, account: { ...NOTHING, available: 86 } })
  expect(words).toBe('the lots hold 0 pending and 18 active, the account 0 and 86')
})

test('debt is what is owed: made by a return, paid by a lot', () => {
  const owing = replayed(posting('member:debt', 'programme:issued', 30, { lotId: null }))
  expect(owing).toMatchObject({ debt: 30, available: 0 })
  post(owing, posting('programme:issued', 'member:available', 50))
  post(owing, posting('member:available', 'member:debt', 30))
  expect(owing).toMatchObject({ debt: 0, available: 20 })
})

describe('I-L3: nothing is below zero at the end of an instant', () => {
  const early = (ms: number) => ({ ...SPENT, atMs: MATURED.atMs - ms })

  test('within one instant the order says nothing', () => {
    expect(differenceOf(replayed(EARNED, early(0), MATURED), STORED)).toBeNull()
  })

  test('for as long as somebody may have waited for a lock it may be; longer, it is named with its time', () => {
    expect(differenceOf(replayed(EARNED, early(MINUTE), MATURED), STORED)).toBeNull()
    const words = differenceOf(replayed(EARNED, early(MINUTE + 1), MATURED), STORED)
    expect(words).toBe('available is -50 at 1970-01-01T00:13:59.999Z')
  })

  test('many short moments do not add up', () => {
    const books = emptyBooks()
    for (let n = 0; n < 5; n++) {
      post(books, posting('member:available', 'programme:spent', 5, { atMs: n * MINUTE }))
      post(books, posting('programme:issued', 'member:available', 5, { atMs: n * MINUTE + 1 }))
    }
    expect(books.overdrawn).toBeNull()
  })

  test('what ends below zero is named, whatever is stored', () => {
    const growth = posting('member:growth', 'programme:expired', 1, { unit: 'growth', lotId: null })
    expect(differenceOf(replayed(growth), { account: { ...NOTHING, growth: -1 }, lots: [] })).toMatch(
      /^growth is -1 at/,
    )
  })

  test('a lot below zero is named though another makes up for it', () => {
    const other = posting('programme:issued', 'member:available', 500, { lotId: 'b' })
    expect(differenceOf(replayed(other, EARNED, early(MINUTE + 1), MATURED), STORED)).toMatch(/^lot a is below zero at/)
  })
})

describe('I-L1: all accounts sum to zero', () => {
  const totalsOf = (stored: Partial<typeof NOTHING>, ...postings: Posting[]) => {
    const totals = emptyTotals()
    for (const one of postings) countPosting(totals, one)
    countAccount(totals, { ...NOTHING, ...stored })
    return totalsDifference(totals)
  }

  test('issued, spent and held', () => {
    expect(totalsOf({ available: 18 }, EARNED, MATURED, SPENT)).toBeNull()
    expect(totalsOf({ available: 19 }, EARNED, MATURED, SPENT)).toBe('all accounts of points sum to 1, not to zero')
  })

  test('units do not make up for each other', () => {
    expect(totalsOf({ growth: 68 }, EARNED)).toMatch(/^all accounts of points sum to -68/)
  })

  test('what left one member must reach another', () => {
    const moved = posting('programme:moved', 'member:available', 7)
    expect(totalsOf({ available: 7 }, moved)).toMatch(/^programme:moved holds -7 points/)
    expect(totalsOf({}, moved, posting('member:available', 'programme:moved', 7))).toBeNull()
  })
})
