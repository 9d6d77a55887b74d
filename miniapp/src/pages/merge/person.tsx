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

/** What one record is known by, in few words: `手机 138****2207 · 实体卡 尾号 3421`. */
const knownBy = ({ identities }: Person): string =>
  identities
    .filter(({ kind }) => kind !== 'wechat_unionid')
    .map(({ kind, hint }) => [KNOWN_BY[kind] ?? kind, hint].filter(Boolean).join(' '))
    .join(' · ')

const day = (iso: string) => dayWords(new Date(iso), new Date())

interface FinderWish {
  id: string
  label: string
  found: FoundPerson
}

/** Finds one of the two. */
export const Finder = ({ id, label, found: { said, say, find, problem, read, asked } }: FinderWish) => (
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
    </Panel>
    <View>
      {asked !== '' && (
        <View className="hy-mt3">
          <States read={read}>{(person) => <PersonCard person={person} />}</States>
        </View>
      )}
    </View>
  </View>
)

/** Enough to know which record it is, and no more. */
export const PersonCard = ({ person, mark }: { person: Person; mark?: string }) => (
  <Panel pad>
    <View className="hy-row hy-between">
      <View className="hy-title">{person.nameMasked ?? '未留名'}</View>
      <Tag kind="brand">{mark ?? `${rungOf(person.tier, DEMO_POLICY).name}会员`}</Tag>
    </View>
    <View className="hy-caption hy-3 hy-num">{`尾号 ${person.memberNo4} · ${day(person.joinedAt)}入会 · ${day(person.lastActiveAt)}来过`}</View>
    {person.viaMerged && <View className="hy-caption hy-2 hy-mt1">这个号码早已并入这位会员</View>}
    <View className="mg-sums">
      <Sum name="可用" count={person.points} />
      <Sum name="待生效" count={person.pendingPoints} />
      <Sum name="成长值" count={person.growth} />
      <Sum name="欠分" count={person.debtPoints} bad={person.debtPoints > 0} />
    </View>
    <View className="hy-caption hy-2 hy-mt2 hy-num">
      {[knownBy(person), `${person.coupons} 张券`, `${person.redemptions} 份待取`].filter(Boolean).join(' · ')}
    </View>
  </Panel>
)

const Sum = ({ name, count, bad }: { name: string; count: number; bad?: boolean }) => (
  <View className={`mg-sum${bad ? ' mg-sum--bad' : ''}`}>
    <View className="mg-sum__n">{countText(count)}</View>
    <View className="hy-caption hy-3">{name}</View>
  </View>
)
