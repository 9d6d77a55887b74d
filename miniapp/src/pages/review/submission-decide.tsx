import { yuanText } from '@huiyuan/shared/money'
import { REJECTIONS } from '@huiyuan/shared/obligation-proof'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { copyText } from '../../lib/copy-text'
import { refresh } from '../../lib/query'
import { useSteady } from '../../lib/steady'
import { Said } from '../../ui/appeal'
import { Chip } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Sheet } from '../../ui/sheet'
import { Stars } from '../../ui/stars'
import { FaultNote } from '../../ui/states'
import { WritingField } from '../../ui/writing-field'
import { Decided } from './decided'
import { Fact } from './fact'
import { Pictures } from './pictures'
import { QUEUES, type SubmissionCase } from './use-queues'
import { moment, whoOf } from './words'

const ANSWER_LENGTH = 200
const REASONS = ['unclear', 'not_it', 'not_own', 'too_late', 'other'] as const

type Outcome = RouterOutputs['obligation']['decide']
type Wish = { caseRef: string; answer?: string } & (
  | { how: 'approve' }
  | { how: 'reject'; reason: (typeof REASONS)[number] }
)

/** The whole of a hand-in, and the word on it: a reason is chosen before it is turned down. */
export function SubmissionDecide({ paper, onClose }: { paper: SubmissionCase; onClose: () => void }) {
  const [answer, setAnswer] = useState('')
  const [reason, setReason] = useState<(typeof REASONS)[number] | null>(null)
  const [problem, setProblem] = useState('')
  const [done, setDone] = useState<Outcome | null>(null)
  const deciding = useSteady((wish: Wish, requestId) => api.obligation.decide.mutate({ requestId, ...wish }))
  const said = answer.trim()
  const run = async (verdict: { how: 'approve' } | { how: 'reject'; reason: (typeof REASONS)[number] }) => {
    const outcome = await deciding.run({ caseRef: paper.caseRef, ...verdict, ...(said === '' ? {} : { answer: said }) })
    if (outcome) setDone(outcome)
    void refresh(...QUEUES)
  }
  const reject = () => {
    const missing = reason === null ? '请先选一个退回的原因' : reason === 'other' && said === '' ? '请写一句原因' : ''
    setProblem(missing)
    if (reason && missing === '') void run({ how: 'reject', reason })
  }
  if (done) return <Decided {...outcomeWords(done)} onClose={onClose} />
  const over = deciding.fault?.code === 'REVIEW_DONE'
  return (
    <Sheet open onClose={onClose} title={paper.obligation.title}>
      <Paper paper={paper} />
      <View className="hy-field">
        <View className="hy-field__label">退回的原因</View>
        <View className="rv-reasons">
          {REASONS.map((one) => (
            <View key={one} id={`reason-${one}`}>
              <Chip on={one === reason} onTap={() => setReason(one)}>
                {REJECTIONS[one]}
              </Chip>
            </View>
          ))}
        </View>
      </View>
      <WritingField
        id="review-answer"
        label="写给会员的话（可不写）"
        value={answer}
        onInput={setAnswer}
        most={ANSWER_LENGTH}
        placeholder="比如：请把整张小票拍进来"
      />
      {problem !== '' && <View className="hy-field__hint hy-field__hint--bad">{problem}</View>}
      <View className="hy-dock">
        {deciding.fault && (
          <FaultNote
            fault={deciding.fault}
            onRetry={() => (over ? onClose() : reason ? reject() : void run({ how: 'approve' }))}
          />
        )}
        <View className="rv-acts">
          <Button id="review-reject" kind="line" busy={deciding.busy} onTap={reject}>
            退回
          </Button>
          <Button id="review-approve" busy={deciding.busy} onTap={() => void run({ how: 'approve' })}>
            通过
          </Button>
        </View>
      </View>
    </Sheet>
  )
}

const Paper = ({ paper }: { paper: SubmissionCase }) => {
  const { member, obligation, nth, text, link, rating, purchase, uploads, flags, appeal, earlier } = paper
  return (
    <View id="review-facts">
      <View className="hy-2 hy-num">{whoOf(member)}</View>
      {rating !== null && <Stars n={rating} />}
      {text && <View className="rv-whole">{text}</View>}
      <Pictures uploads={uploads} />
      {appeal && <Said title={`${moment(appeal.askedAt)}，会员申诉`} words={appeal.words} mine />}
      {earlier && (
        <Said
          title={`${moment(earlier.decidedAt)}，上一次退回：${earlier.reasonWords}`}
          words={earlier.answer ?? '没有写别的'}
        />
      )}
      <View className="rv-facts">
        {flags.length > 0 && <Fact name="留意" words={flags.map(({ words }) => words).join('；')} />}
        <Fact name="要求" words={obligation.words} />
        <Fact name="进度" words={`${obligation.progress} / ${obligation.target}，第 ${nth} 次提交`} />
        {purchase && (
          <Fact
            name="消费"
            words={`${purchase.storeName} ${yuanText(purchase.amountFen)} · ${moment(purchase.settledAt)}`}
          />
        )}
        {link && <Fact name="链接" words={link} />}
      </View>
      {link && (
        <Button id="review-copy" kind="ghost" small onTap={() => void copyText(link, '链接已复制')}>
          复制链接
        </Button>
      )}
      {rating !== null && (
        <View className="hy-2">只看是不是真实消费后的真实感受，几颗星、好话坏话都一样通过，奖励也一样。</View>
      )}
    </View>
  )
}

function outcomeWords({ state, progress, target, rewarded }: Outcome) {
  if (state === 'rejected')
    return { good: false, title: '已退回', words: '会员能看到原因，可以改了再交，也可以申诉一次。' }
  const gift = rewarded ? '，奖励已经给到会员' : ''
  return { good: true, title: '已通过', words: `完成了 ${progress} / ${target}${gift}。` }
}
