import { View } from '@tarojs/components'
import { Panel } from '../../ui/blocks'
import { WritingField } from '../../ui/writing-field'
import { KINDS, PERIODS, TRIGGERS, triggerName } from './campaign-words'
import type { Ask, Choices, Kind, ObligationDraft } from './draft'
import { Chips, Line, Refused } from './form-parts'
import { Budget, Days, type FormWish, Locked, Points } from './referral-form'
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
export function ObligationForm(wish: Wish) {
  const { step, draft, put, violations, problems, locked } = wish
  if (step === 'copy') return <Copy {...wish} />
  if (step === 'terms') return <Panel pad>{locked ? <Locked facts={factsOf(wish)} /> : <Terms {...wish} />}</Panel>
  return (
    <Panel pad>
      {!locked && <Reward {...wish} />}
      <Budget {...{ draft, put, violations, locked }} />
      <Days {...{ draft, put, violations, problems, locked }} />
    </Panel>
  )
}

const Copy = ({ draft, put, violations, problems, locked }: Wish) => (
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
    <Line
      id="title"
      label="名字"
      value={draft.title}
      onInput={(title) => put({ title })}
      most={40}
      problem={draft.title ? problems.title : undefined}
      violations={violations}
      field="title"
    />
    <WritingField
      id="words"
      label="做什么，怎样算数"
      value={draft.words}
      onInput={(words) => put({ words })}
      most={160}
      placeholder="比如：带自己的杯子来，每天记一次"
    />
    <Refused violations={violations} fields={['words']} />
    <Chips
      id="mark"
      label="图案"
      options={optionsOf(MARKS)}
      on={[draft.mark as keyof typeof MARKS]}
      onTap={(mark) => put({ mark })}
    />
  </Panel>
)

const Terms = ({ draft, put, violations, problems }: Wish) => {
  const handedIn = draft.trigger === 'handed_in' || draft.trigger === 'review'
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
      <Line
        id="target"
        label="做几次算完成"
        value={draft.target}
        onInput={(target) => put({ target })}
        number
        unit="次"
        problem={problems.target}
      />
      <Chips
        id="period"
        label="多久可以做一回"
        options={optionsOf(PERIODS)}
        on={[draft.period]}
        onTap={(period) => put({ period })}
      />
      {handedIn ? (
        <HandIn {...{ draft, put, problems, violations }} />
      ) : (
        <Line
          id="cooldown"
          label="两次之间隔"
          value={draft.cooldownHours}
          onInput={(cooldownHours) => put({ cooldownHours })}
          number
          unit="小时"
          problem={problems.cooldownHours}
        />
      )}
      <View>
        {draft.trigger === 'order' && (
          <Line
            id="from-yuan"
            label="每笔满"
            value={draft.fromYuan}
            onInput={(fromYuan) => put({ fromYuan })}
            unit="元"
          />
        )}
      </View>
    </View>
  )
}

const HandIn = ({ draft, put, problems, violations }: Pick<Wish, 'draft' | 'put' | 'problems' | 'violations'>) => (
  <View>
    <Line
      id="photos"
      label="至少几张照片"
      value={draft.photos}
      onInput={(photos) => put({ photos })}
      number
      unit="张"
      problem={problems.wants}
    />
    <Line
      id="letters"
      label="至少写多少字"
      value={draft.letters}
      onInput={(letters) => put({ letters })}
      number
      unit="字"
    />
    <Chips
      id="ask"
      label="还要"
      options={optionsOf(ASKS)}
      on={draft.asks}
      onTap={(ask) =>
        put({ asks: draft.asks.includes(ask) ? draft.asks.filter((one) => one !== ask) : [...draft.asks, ask] })
      }
    />
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

const NONE = { value: '', name: '没有' }

const Reward = ({ draft, put, choices, problems }: Wish) => (
  <View>
    <Points draft={draft} put={put} problem={problems.points} />
    <Chips
      id="honour"
      label="荣誉"
      options={[NONE, ...choices.honours.map(({ honourId, name }) => ({ value: honourId, name }))]}
      on={[draft.honourId ?? '']}
      onTap={(id) => put({ honourId: id || null })}
    />
    <Chips
      id="for-honour"
      label="只给谁做"
      options={[
        { value: '', name: '所有会员' },
        ...choices.honours.map(({ honourId, name }) => ({ value: honourId, name })),
      ]}
      on={[draft.forHonourId ?? '']}
      onTap={(id) =>
        put({ forHonourId: id || null, keepsHonourId: draft.kind === 'ambassador_duty' ? id || null : null })
      }
    />
    <Chips
      id="store"
      label="在哪里做"
      options={[
        { value: '', name: '每家店' },
        ...choices.stores.map(({ storeId, name }) => ({ value: storeId, name })),
      ]}
      on={[draft.storeId ?? '']}
      onTap={(id) => put({ storeId: id || null })}
    />
  </View>
)

function factsOf({ draft, choices }: Wish): [string, string][] {
  const honour = choices.honours.find(({ honourId }) => honourId === draft.honourId)?.name
  const store = choices.stores.find(({ storeId }) => storeId === draft.storeId)?.name
  return [
    ['哪一类', KINDS[draft.kind]],
    ['谢什么', triggerName(draft.trigger)],
    ['做几次', `${PERIODS[draft.period]} ${draft.target} 次`],
    ['谢多少', [`${draft.points} 积分`, honour && `「${honour}」`].filter(Boolean).join('和')],
    ['在哪里', store ?? '每家店'],
  ]
}
