import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { States } from '../../ui/states'
import type { FoundPerson, Person } from './use-person'

/** Room for a number that is pasted with its gaps. */
const SAID_LENGTH = 32

const KNOWN_BY: Record<string, string> = {
  wechat_openid: '微信',
  phone: '手机',
  store_card: '实体卡',
  external: '外部账号',
}

/** Parts in one line that breaks, if it must, after a dot and never inside a part. */
const dotted = (...parts: (string | false)[]) =>
  parts
    .filter((part) => part !== false && part !== '')
    .map((part) => String(part).replace(/ /g, '\u00a0'))
    .join('\u00a0· ')

/** What one record is known by and holds: `手机 138****2207 · 实体卡 尾号 3421 · 2 张券`. */
const holdings = ({ identities, coupons, redemptions }: Person): string =>
  dotted(
    ...identities
      .filter(({ kind }) => kind !== 'wechat_unionid')
      .map(({ kind, hint }) => [KNOWN_BY[kind] ?? kind, hint].filter(Boolean).join(' ')),
    coupons > 0 && `${coupons} 张券`,
    redemptions > 0 && `${redemptions} 份待取`,
  )

const day = (iso: string) => dayWords(new Date(iso), new Date())
const tierName = ({ tier }: Person) => `${rungOf(tier, DEMO_POLICY).name}会员`

/** Since when, and when somebody was last seen with it. */
const past = ({ joinedAt, lastActiveAt }: Person): string =>
  dotted(`${day(joinedAt)}入会`, day(lastActiveAt) === day(joinedAt) ? '之后没来过' : `${day(lastActiveAt)}来过`)

interface FinderWish {
  id: string
  label: string
  found: FoundPerson
  /** Who it is stands in the preview already. */
  brief: boolean
}

/** Finds one of the two. */
export const Finder = ({ id, label, found: { said, say, find, problem, read, asked }, brief }: FinderWish) => (
  <View id={id}>
    <Panel pad>
      <Field
        id={`${id}-input`}
        label={label}
        value={said}
        maxLength={SAID_LENGTH}
        placeholder="会员号、手机号或实体卡号"
        onInput={say}
        onConfirm={find}
        {...(problem ? { hint: problem, bad: true } : {})}
      />
      <View className="hy-dock">
        <Button id={`${id}-find`} block kind="secondary" busy={asked !== '' && read.loading} onTap={find}>
          查找
        </Button>
      </View>
      {brief && read.data?.viaMerged && <View className="hy-caption hy-2 hy-mt2">{VIA_MERGED}</View>}
    </Panel>
    <View>
      {asked !== '' && !(brief && read.data) && (
        <View className="hy-mt3">
          <States read={read}>{(person) => <PersonCard person={person} />}</States>
        </View>
      )}
    </View>
  </View>
)

const VIA_MERGED = '这个号码早已并入这位会员'

/** Enough to know which record it is, and no more. */
export const PersonCard = ({ person, mark }: { person: Person; mark?: string }) => (
  <Panel pad>
    <View className="hy-row hy-between">
      <View className="hy-title">{person.nameMasked ?? '未留名'}</View>
      <Tag kind="brand">{mark ?? tierName(person)}</Tag>
    </View>
    <View className="hy-caption hy-3 hy-num">
      {dotted(mark !== undefined && tierName(person), `尾号 ${person.memberNo4}`)}
    </View>
    <View className="hy-caption hy-3 hy-num mg-whole">{past(person)}</View>
    {person.viaMerged && <View className="hy-caption hy-2 hy-mt1">{VIA_MERGED}</View>}
    <View className="mg-sums">
      <Sum name="可用" count={person.points} />
      <Sum name="待生效" count={person.pendingPoints} />
      <Sum name="成长值" count={person.growth} />
      <Sum name="欠分" count={person.debtPoints} bad={person.debtPoints > 0} />
    </View>
    {holdings(person) && <View className="hy-caption hy-2 hy-mt2 hy-num mg-whole">{holdings(person)}</View>}
  </Panel>
)

const Sum = ({ name, count, bad }: { name: string; count: number; bad?: boolean }) => (
  <View className={`mg-sum${bad ? ' mg-sum--bad' : ''}`}>
    <View className="mg-sum__n">{countText(count)}</View>
    <View className="hy-caption hy-3">{name}</View>
  </View>
)
