import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Said } from '../../ui/appeal'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { WritingField } from '../../ui/writing-field'
import { Decided } from './decided'
import { Fact } from './fact'
import { QUEUES, type ReferralCase } from './use-queues'
import { moment, paidWords, whoOf } from './words'

const ANSWER_LENGTH = 200
/** Facts that WeChat is handed at once. */
const STEP = 4

type Outcome = RouterOutputs['referral']['decide']
type Wish = { caseRef: string; how: 'pay' | 'refuse'; answer: string }

/** Everything that is known of two people, and the word on their reward. */
export function ReferralDecide({ friend, onClose }: { friend: ReferralCase; onClose: () => void }) {
  const [answer, setAnswer] = useState('')
  const [how, setHow] = useState<Wish['how']>('pay')
  const [done, setDone] = useState<Outcome | null>(null)
  const deciding = useSteady((wish: Wish, requestId) => api.referral.decide.mutate({ requestId, ...wish }))
  const said = answer.trim()
  const missing = how === 'refuse' && said === ''
  const send = async (how: Wish['how']) => {
    setHow(how)
    if (how === 'refuse' && said === '') return
    const outcome = await deciding.run({ caseRef: friend.caseRef, how, answer: said })
    if (outcome) setDone(outcome)
    void refresh(...QUEUES)
  }
  if (done) return <Decided {...outcomeWords(done, friend)} onClose={onClose} />
  const over = deciding.fault?.code === 'REVIEW_DONE'
  return (
    <Sheet open onClose={onClose} title={friend.appeal ? '再看一次这份推荐' : '核对这份推荐'}>
      <Known friend={friend} />
      <WritingField
        id="review-answer"
        label="写给邀请人的话，不发时要写"
        value={answer}
        onInput={setAnswer}
        most={ANSWER_LENGTH}
        placeholder="不要写出手机、网络、风险等级或别人的信息"
      />
      {missing && <View className="hy-field__hint hy-field__hint--bad">请写一句，邀请人会看到</View>}
      <View className="hy-dock">
        {deciding.fault && <FaultNote fault={deciding.fault} onRetry={() => (over ? onClose() : void send(how))} />}
        <View className="rv-acts">
          <Button id="review-refuse" kind="line" busy={deciding.busy} onTap={() => void send('refuse')}>
            {friend.appeal ? '维持不发' : '不发'}
          </Button>
          <Button id="review-pay" busy={deciding.busy} onTap={() => void send('pay')}>
            {friend.appeal ? '同意，照发' : '放行'}
          </Button>
        </View>
      </View>
    </Sheet>
  )
}

const Known = ({ friend }: { friend: ReferralCase }) => {
  const { inviter, campaign, facts, doubts, joinedAt, heldAt, releaseAt, appeal, earlier } = friend
  const { shown } = useGrowing(facts, STEP, facts.length)
  return (
    <View id="review-facts">
      <View className="hy-bold hy-num">{whoOf(inviter)}</View>
      <View className="hy-2 hy-num">{`请来 ${whoOf(friend.friend)}`}</View>
      {appeal && <Said title={`${moment(appeal.askedAt)}，邀请人申诉`} words={appeal.words} mine />}
      {earlier && <Said title={`${moment(earlier.reviewedAt)}，同事的答复`} words={earlier.answer ?? '没有写'} />}
      <View className="rv-facts">
        <Fact name="要核对的" words={doubts.map(({ words }) => words).join('、')} />
        <Fact name="活动" words={campaign} />
        <Fact name="朋友入会" words={moment(joinedAt)} />
        {heldAt && <Fact name="首单" words={moment(heldAt)} />}
        {shown.map(({ label, value }) => (
          <Fact key={label} name={label} words={value} />
        ))}
      </View>
      <View className="hy-2">{`一家人常用同一部手机或同一个网络，确认是两位就放行。放行后，${paidWords(releaseAt)}。`}</View>
    </View>
  )
}

/** A granted appeal may still meet a cap or a budget that is used up. */
const LATE: Partial<Record<NonNullable<Outcome['reason']>, string>> = {
  budget: '这一期的积分已经发完，这一份发不出来了',
  cap: '邀请人的名额已经满了，这一份发不出来了',
  stopped: '活动已经停止，这一份发不出来了',
  over: '活动已经结束，这一份发不出来了',
}

function outcomeWords({ state, reason }: Outcome, { releaseAt }: ReferralCase) {
  if (state === 'held') return { good: true, title: '已放行', words: `${paidWords(releaseAt)}，邀请人能看到你写的话。` }
  const late = reason && LATE[reason]
  return late
    ? { good: false, title: '没能放行', words: `${late}。` }
    : {
        good: false,
        title: '已记下，不发',
        words: `邀请人能看到你写的话，${DEMO_POLICY.appealDays} 天内可以申诉一次，由另一位同事看。`,
      }
}
