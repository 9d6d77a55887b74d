import { yuanText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Cell, Chip, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Field } from '../../ui/field'
import { Icon } from '../../ui/icon'
import { Sheet } from '../../ui/sheet'
import { FaultNote } from '../../ui/states'
import { More } from './more'
import { beforeReturnWords, type ReturnableOrder, type Returned, returnWords, shareFen } from './return-words'
import { Stepper } from './stepper'
import { type Returning, useReturning } from './use-returning'
import { useSome } from './use-some'

/** `100000.00`, and one more, so that a digit too many is seen. */
const AMOUNT_LENGTH = 10

/** Takes a purchase back, whole or in part: what will go back is told first, what went back after. */
export function ReturnSheet({ order, onClose }: { order: ReturnableOrder; onClose: () => void }) {
  const returning = useReturning(order)
  const { done } = returning
  return (
    <Sheet open onClose={onClose} title={!done ? '退这一单？' : done.leftFen > 0 ? '已退一部分' : '已退货'}>
      {done ? <Done done={done} onClose={onClose} /> : <Asked order={order} returning={returning} />}
    </Sheet>
  )
}

function Asked({ order, returning }: { order: ReturnableOrder; returning: Returning }) {
  const { command, fen, leftFen, by, send } = returning
  const { fault, unsure, busy } = command
  return (
    <View>
      <View id="return" className="st-return">
        <View className="hy-caption hy-2 hy-num">{order.orderNo}</View>
        {leftFen > 1 && !unsure && <HowMuch order={order} returning={returning} />}
        {(by !== 'amount' || unsure) && fen !== null && <View className="st-return__n">{yuanText(fen)}</View>}
        {beforeReturnWords(order, { fen, leftFen }).map((line) => (
          <View key={line} className="st-return__line">
            <View className="st-return__dot" />
            <Text className="st-return__words">{line}</Text>
          </View>
        ))}
      </View>
      <View className="hy-dock">
        {fault && <FaultNote fault={fault} onRetry={() => void send()} />}
        {unsure && <Text className="hy-caption hy-2 st-unsure">再点一次就好，不会重复退</Text>}
        <Button id="return-submit" block busy={busy} disabled={fen === null && !busy} onTap={() => void send()}>
          {fen === null ? (by === 'lines' ? '请选退哪几件' : '请输入退多少') : `确认退货 ${yuanText(fen)}`}
        </Button>
      </View>
    </View>
  )
}

/** All that is left, some of the articles, or an amount. */
function HowMuch({ order, returning }: { order: ReturnableOrder; returning: Returning }) {
  const { leftFen, by, setBy, part, typed, setTyped } = returning
  return (
    <View className="st-return__how">
      <View className="hy-chips">
        <View id="return-all">
          <Chip on={by === 'all'} onTap={() => setBy('all')}>
            {`${leftFen < order.amountFen ? '退剩下的' : '退全部'} ${yuanText(leftFen)}`}
          </Chip>
        </View>
        {order.lines.length > 0 && (
          <View id="return-lines">
            <Chip on={by === 'lines'} onTap={() => setBy('lines')}>
              退几件
            </Chip>
          </View>
        )}
        <View id="return-part">
          <Chip on={by === 'amount'} onTap={() => setBy('amount')}>
            {order.lines.length > 0 ? '退金额' : '退一部分'}
          </Chip>
        </View>
      </View>
      {by === 'lines' && <Lines order={order} returning={returning} />}
      {part && (
        <Field
          id="return-amount"
          label="退多少元"
          type={process.env.TARO_ENV === 'weapp' ? 'digit' : 'text'}
          value={typed}
          maxLength={AMOUNT_LENGTH}
          focus
          onInput={setTyped}
          hint={part.hint}
          bad={part.bad}
        />
      )}
    </View>
  )
}

/** Which pieces come back, each with what was paid for one like it. */
function Lines({ order, returning: { picked, pick } }: { order: ReturnableOrder; returning: Returning }) {
  const { shown, rest, more } = useSome(order.lines)
  return (
    <View className="st-list st-articles">
      {shown.map((line) => {
        const { lineNo, title, qty, returnedQty } = line
        const left = qty - returnedQty
        const count = picked[lineNo] ?? 0
        return (
          <Cell
            key={lineNo}
            title={title}
            sub={[
              left > 0 && `${yuanText(shareFen(line, left))} / ${left} 件`,
              returnedQty > 0 && `已退 ${returnedQty}`,
            ]
              .filter(Boolean)
              .join(' · ')}
            end={
              left === 0 ? (
                <Tag>已退</Tag>
              ) : (
                <Stepper
                  id={`line-${lineNo}`}
                  name={title}
                  count={count}
                  most={left}
                  onLess={() => pick(lineNo, count - 1)}
                  onMore={() => pick(lineNo, count + 1)}
                />
              )
            }
          />
        )
      })}
      <More rest={rest} onTap={more} />
    </View>
  )
}

const Done = ({ done, onClose }: { done: Returned; onClose: () => void }) => (
  <View>
    <View id="returned" className="st-return" {...aria({ role: 'alert' })}>
      <View className="hy-caption hy-2 hy-num">{done.orderNo}</View>
      <View className="st-return__n">{yuanText(done.refundedFen)}</View>
      {[`请退给顾客 ${yuanText(done.refundedFen)}`, ...returnWords(done)].map((line) => (
        <View key={line} className="st-return__line">
          <Icon name="check" size="s" className="st-return__ok" />
          <Text className="st-return__words">{line}</Text>
        </View>
      ))}
    </View>
    <View className="hy-dock">
      <Button id="return-done" block onTap={onClose}>
        好了
      </Button>
    </View>
  </View>
)
