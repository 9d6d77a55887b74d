import { normalCardNo } from '@huiyuan/shared/member'
import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { platform } from '../../lib/device'
import { type Moved, movedFacts, reversalWords } from '../../lib/merge-words'
import type { Read } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Cell } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote, States } from '../../ui/states'
import type { CardDone, Cards, CounterClaim } from './use-cards'

const CARD_LENGTH = 40
const FIGURES = 5
const NAMED = 4
type Known = RouterOutputs['visit']['cards']

interface CardsWish {
  cards: Cards
  read: Read<Known>
  onClose: () => void
}

/** The customer's plastic cards, and older records that are the customer's once somebody has looked. */
export function CardsSheet({ cards, read, onClose }: CardsWish) {
  const { subject, done, choose } = cards
  const close = () => {
    cards.clear()
    onClose()
  }
  return (
    <Sheet open onClose={close} title="实体卡与老会员">
      {done && <DoneNote done={done} />}
      {subject ? (
        <Look cards={cards} />
      ) : (
        <View>
          <States read={read}>{(known) => <Waiting known={known} onClaim={(claim) => choose({ claim })} />}</States>
          <TypedCard cards={cards} />
        </View>
      )}
    </Sheet>
  )
}

const WHY: Record<string, string> = {
  silent: '手机号名下的老会员',
  wechat_unknown: '手机号名下的另一位会员',
  card_typed: '顾客说有这张卡',
}

const ClaimSub = ({ claim: { nameMasked, cardHints, points, lastActiveAt } }: { claim: CounterClaim }) => (
  <View>
    <View>{`${nameMasked ?? '未留名'} · ${cardHints.length > 0 ? `卡尾号 ${cardHints.join('、')}` : '没有实体卡'}`}</View>
    <View>{`${countText(points)} 积分 · ${dayWords(new Date(lastActiveAt), new Date())}来过`}</View>
  </View>
)

const Waiting = ({ known, onClaim }: { known: Known; onClaim: (claim: CounterClaim) => void }) => (
  <View id="cards" className="st-list">
    {known.cards.map((last4) => (
      <Cell key={last4} icon="card" title={`尾号 ${last4}`} sub="已经绑在这位会员上" />
    ))}
    {known.claims.map((claim) => (
      <Cell
        key={claim.claimId}
        id={`claim-${claim.claimId}`}
        icon="people"
        tone="accent"
        title={WHY[claim.because] ?? '可能是这位顾客'}
        sub={<ClaimSub claim={claim} />}
        onTap={() => onClaim(claim)}
      />
    ))}
    {known.cards.length + known.claims.length === 0 && <View className="hy-2">这位顾客还没有绑过实体卡</View>}
  </View>
)

const TypedCard = ({ cards: { typed, setTyped, read } }: { cards: Cards }) => (
  <View>
    <Field
      id="card-input"
      label={platform === 'weapp' ? '卡面上的号码' : '卡面上的号码，扫码枪也可以'}
      value={typed}
      maxLength={CARD_LENGTH}
      onInput={setTyped}
      onConfirm={() => read(typed)}
    />
    <View className="hy-dock">
      <Button id="card-look" block disabled={normalCardNo(typed) === null} onTap={() => read(typed)}>
        查这张卡
      </Button>
    </View>
  </View>
)

/** The figures that matter at a counter; the rest by name. */
function Comes({ came }: { came: Moved }) {
  const facts = movedFacts(came)
  const rest = facts.slice(FIGURES).map(({ title }) => title)
  return (
    <View>
      <View className="st-facts">
        {facts.slice(0, FIGURES).map(({ title, words }) => (
          <View key={title} className="st-fact">
            <Text>{title}</Text>
            <Text className="hy-bold hy-num">{words}</Text>
          </View>
        ))}
      </View>
      {rest.length > 0 && (
        <View className="hy-caption hy-2 hy-mt2">{`一起过来的还有${rest.slice(0, NAMED).join('、')}${rest.length > NAMED ? '等' : ''}`}</View>
      )}
    </View>
  )
}

/** What would come over, before anybody says yes. */
function Look({ cards: { subject, look, sending, confirm, choose } }: { cards: Cards }) {
  const isClaim = subject !== null && 'claim' in subject
  const card = subject && 'cardNo' in subject ? `尾号 ${subject.cardNo.slice(-4)} 这张卡` : '这张卡'
  return (
    <View id="card-seen">
      {subject && 'claim' in subject && (
        <View className="hy-2 hy-num">
          <ClaimSub claim={subject.claim} />
        </View>
      )}
      <States read={look}>
        {(seen) => (
          <View>
            {seen.state === 'own' && <View className="hy-2">{`${card}早就绑在这位会员上了。`}</View>}
            {seen.state === 'free' && <View className="hy-2">{`${card}还没有人用过，可以直接绑上。`}</View>}
            {seen.state === 'joins' && (
              <View>
                <View className="hy-2 hy-mt2">
                  {isClaim
                    ? '请核对实体卡，或者请顾客说出姓名和常买的东西。确认是本人，再并进来。'
                    : `${card}是一位老会员的。卡在顾客手里，确认是本人，再并进来。`}
                </View>
                <Comes came={seen.preview.came} />
                {seen.preview.reversed.map((one, index) => (
                  <View key={index} className="hy-caption hy-2 hy-mt1">
                    {reversalWords(one)}
                  </View>
                ))}
              </View>
            )}
            <View className="hy-dock">
              {sending.fault && <FaultNote fault={sending.fault} onRetry={() => void confirm()} />}
              {seen.state !== 'own' && (
                <Button id="card-confirm" block busy={sending.busy} onTap={() => void confirm()}>
                  {seen.state === 'free' ? '绑上这张卡' : '确认是本人，并进来'}
                </Button>
              )}
              <Button id="card-back" block kind="ghost" disabled={sending.unsure} onTap={() => choose(null)}>
                先不
              </Button>
            </View>
          </View>
        )}
      </States>
      {look.fault && !look.data && (
        <View className="hy-dock">
          <Button block kind="ghost" onTap={() => choose(null)}>
            换一张
          </Button>
        </View>
      )}
    </View>
  )
}

const DONE: Record<CardDone['state'], string> = {
  bound: '绑好了，以后报卡号也能积分',
  own: '这张卡早就绑着',
  joined: '已经并进来了',
}

const DoneNote = ({ done: { state, points } }: { done: CardDone }) => (
  <View id="card-bound" className="st-good" {...aria({ role: 'alert' })}>
    <Icon name="check" size="m" />
    <View className="st-good__main">
      <View className="hy-bold">{DONE[state]}</View>
      {points > 0 && <View className="hy-caption hy-num">{`带来 ${countText(points)} 积分，到期日不变`}</View>}
    </View>
  </View>
)
