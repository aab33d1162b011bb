import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// How long a picture takes. Printed, and held to a bound that only a mistake of kind would break: time on a shared
/// machine is no gate.
@Suite struct DrawingCostTests {
    @Test(arguments: [false, true]) func thousandFlows(isOpen: Bool) {
        var state = ViewState(width: 120, height: 40)
        var context = SampleSnapshots.context(SampleSnapshots.crowd(1_000))
        ViewReducer.advance(&state, in: context)
        if isOpen { _ = ViewReducer.reduce(&state, .enter, in: context) }
        var shown = CellBuffer(width: 120, height: 40)
        var next = shown
        let rounds = 40
        var runs = 0
        let clock = ContinuousClock()
        let time = clock.measure {
            for round in 0..<rounds {
                context.now += .seconds(3)
                context.snapshot.flows[round].server.rate += 1e5
                ViewReducer.advance(&state, in: context)
                Frontend.render(context, state, into: &next)
                runs += CellDiff(from: shown, to: next).runs.count
                swap(&shown, &next)
            }
        }
        let milliseconds =
            Double(time.components.attoseconds) / 1e15 / Double(rounds)
            + Double(time.components.seconds) * 1_000 / Double(rounds)
        print("order, draw and compare 120x40, 1,000 flows, \(isOpen ? "one open" : "table"): \(milliseconds) ms")
        #expect(runs > 0)
        #expect(milliseconds < 250)
    }
}
