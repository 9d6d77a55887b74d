import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { Later } from '../../ui/later'
import { KINDS, PERIODS, TRIGGERS, triggerName } from './campaign-words'
import type { Ask, Choices, Kind, ObligationDraft } from './draft'
import { Budget, Copy, Days, type FormWish, Locked, Points, Typed } from './draft-fields'
import { Chips, Refused } from './form-parts'
import { Pick } from './pick'
import { TriggerChoice } from './trigger-choice'

type Wish = FormWish<ObligationDraft> & { choices: Choices }

const MARKS = {
  leaf: '叶',
  cup: '杯',
  bowl: '碗',
  people: '人',
  spark: '星',
  sun: '日',
  gift: '礼',
  store: '店',
  chat: '话',
  medal: '章',
} as const
const ASKS: Record<Ask, string> = { link: '一个链接', rating: '几颗星', order: '一笔消费' }
const optionsOf = <K extends string>(names: Record<K, string>) =>
  (Object.entries(names) as [K, string][]).map(([value, name]) => ({ value, name }))

/** What members may do for the brand, in three parts. */
export function ObligationForm(form: Wish) {
  const { step, locked } = form
  if (step === 'copy') return <Story {...form} />
  if (step === 'terms') return <Panel pad>{locked ? <Locked facts={factsOf(form)} /> : <Terms {...form} />}</Panel>
  return (
    <Panel pad>
      {!locked && <Reward {...form} />}
      <View className="cp-line">
        <Later>
          {!locked && <Whom {...form} />}
          <Budget form={form} />
          <Days form={form} />
        </Later>
      </View>
    </Panel>
  )
}

const Story = (form: Wish) => {
  const { draft, put, locked } = form
  return (
    <Panel pad>
      {!locked && (
        <Chips
          id="kind"
          label="哪一类"
          options={optionsOf(KINDS)}
          on={[draft.kind]}
          onTap={(kind: Kind) => put({ kind, trigger: TRIGGERS[kind][0] ?? 'attend', labelled: kind === 'review' })}
        />
      )}
      <Copy form={form} label="做什么，怎样算数" most={160} placeholder="比如：带自己的杯子来，每天记一次" />
      <Chips
        id="mark"
        label="图案"
        options={optionsOf(MARKS)}
        on={[draft.mark as keyof typeof MARKS]}
        onTap={(mark) => put({ mark })}
      />
    </Panel>
  )
}

const Terms = (form: Wish) => {
  const { draft, put, violations } = form
  return (
    <View>
      <TriggerChoice
        legal={TRIGGERS[draft.kind]}
        trigger={draft.trigger}
        extras={draft.extras}
        violations={violations}
        onTrigger={(trigger) => put({ trigger })}
        onExtras={(extras) => put({ extras })}
      />
      <Typed form={form} id="target" name="target" label="做几次算完成" number unit="次" />
      <Chips
        id="period"
        label="多久可以做一回"
        options={optionsOf(PERIODS)}
        on={[draft.period]}
        onTap={(period) => put({ period })}
      />
      <View className="cp-line">
        <Later>
          <HowOften {...form} />
        </Later>
      </View>
    </View>
  )
}

/** What goes with how it is proven, and how long there is for it. */
const HowOften = (form: Wish) => {
  const { draft, put, choices } = form
  const handedIn = draft.trigger === 'handed_in' || draft.trigger === 'review'
  return (
    <View>
      {handedIn ? (
        <HandIn {...form} />
      ) : (
        <Typed form={form} id="cooldown" name="cooldownHours" label="两次之间隔" number unit="小时" />
      )}
      <View>
        {draft.trigger === 'order' && <Typed form={form} id="from-yuan" name="fromYuan" label="每笔满" unit="元" />}
        {draft.trigger === 'reader_acted' && (
          <Pick
            id="article"
            label="分享哪一篇"
            none="哪一篇都算"
            options={choices.articles.map(({ articleId, title }) => ({ id: articleId, name: title }))}
            value={draft.articleId}
            onPick={(articleId) => put({ articleId })}
          />
        )}
      </View>
      <Typed
        form={form}
        id="due-days"
        name="dueDays"
        label="接下以后几天内做完"
        number
        unit="天"
        hint="空着就到这一期结束"
      />
    </View>
  )
}

const HandIn = (form: Wish) => {
  const { draft, put, problems, violations, choices } = form
  return (
    <View>
      <Typed form={form} id="photos" name="photos" label="至少几张照片" number unit="张" problem={problems.wants} />
      <Typed form={form} id="letters" name="letters" label="至少写多少字" number unit="字" />
      <Chips
        id="ask"
        label="还要"
        options={optionsOf(ASKS)}
        on={draft.asks}
        onTap={(ask) =>
          put({ asks: draft.asks.includes(ask) ? draft.asks.filter((one) => one !== ask) : [...draft.asks, ask] })
        }
      />
      <Pick
        id="product"
        label="关于哪一样"
        none="不限"
        options={choices.products.map(({ sku, title }) => ({ id: sku, name: title }))}
        value={draft.sku}
        onPick={(sku) => put({ sku })}
        hint={draft.asks.includes('order') ? '交上的那笔消费里要有它' : ''}
      />
      <Typed form={form} id="tries" name="tries" label="最多交几次" number unit="次" hint="没通过可以改了再交" />
      <Chips
        id="labelled"
        label="给别人看时"
        options={[{ value: 'on', name: '标明有奖' }]}
        on={draft.labelled ? ['on'] : []}
        onTap={() => put({ labelled: !draft.labelled })}
      />
      <Refused violations={violations} fields={['labelled']} />
    </View>
  )
}

const honourOptions = ({ honours }: Choices) => honours.map(({ honourId, name }) => ({ value: honourId, name }))

const Reward = (form: Wish) => {
  const { draft, put, choices } = form
  return (
    <View className="cp-line">
      <Points form={form} />
      <Pick
        id="coupon"
        label="再送一张券"
        none="不送"
        options={choices.coupons.map(({ templateId, title }) => ({ id: templateId, name: title }))}
        value={draft.coupon}
        onPick={(coupon) => put({ coupon })}
      />
      <Chips
        id="honour"
        label="荣誉"
        options={[{ value: '', name: '没有' }, ...honourOptions(choices)]}
        on={[draft.honourId ?? '']}
        onTap={(id) => put({ honourId: id || null })}
      />
    </View>
  )
}

const TIERS = DEMO_POLICY.tiers.map(({ tier, name }) => ({
  value: String(tier),
  name: tier === 1 ? '所有等级' : `${name}起`,
}))

/** Who may do it, and where. */
const Whom = ({ draft, put, choices }: Wish) => (
  <View className="cp-line">
    <Chips
      id="tier"
      label="从哪个等级起"
      options={TIERS}
      on={[String(draft.tierGate)]}
      onTap={(tier) => put({ tierGate: Number(tier) })}
    />
    <Chips
      id="for-honour"
      label="只给谁做"
      options={[{ value: '', name: '所有会员' }, ...honourOptions(choices)]}
      on={[draft.forHonourId ?? '']}
      onTap={(id) =>
        put({ forHonourId: id || null, keepsHonourId: draft.kind === 'ambassador_duty' ? id || null : null })
      }
    />
    <Pick
      id="store"
      label="在哪里做"
      none="每家店"
      options={choices.stores.map(({ storeId, name }) => ({ id: storeId, name }))}
      value={draft.storeId}
      onPick={(storeId) => put({ storeId })}
    />
  </View>
)

function factsOf({ draft, choices }: Wish): [string, string][] {
  const honour = choices.honours.find(({ honourId }) => honourId === draft.honourId)?.name
  const forHonour = choices.honours.find(({ honourId }) => honourId === draft.forHonourId)?.name
  const store = choices.stores.find(({ storeId }) => storeId === draft.storeId)?.name
  const coupon = choices.coupons.find(({ templateId }) => templateId === draft.coupon)?.title
  const tier = TIERS.find(({ value }) => value === String(draft.tierGate))?.name ?? ''
  const about =
    choices.articles.find(({ articleId }) => articleId === draft.articleId)?.title ??
    choices.products.find(({ sku }) => sku === draft.sku)?.title
  const facts: [string, string | false | undefined][] = [
    ['哪一类', KINDS[draft.kind]],
    ['谢什么', triggerName(draft.trigger)],
    ['关于', about],
    ['做几次', `${PERIODS[draft.period]} ${draft.target} 次`],
    ['几天内做完', draft.dueDays !== '' && `接下以后 ${draft.dueDays} 天`],
    [
      '谢多少',
      [`${draft.points} 积分`, coupon && `「${coupon}」`, honour && `「${honour}」`].filter(Boolean).join('和'),
    ],
    ['谁能做', [forHonour ? `「${forHonour}」` : '', tier].filter(Boolean).join('，')],
    ['在哪里', store ?? '每家店'],
  ]
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]))
}
