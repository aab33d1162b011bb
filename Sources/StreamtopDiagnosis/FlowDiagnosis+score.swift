import StreamtopBase
import StreamtopModel

extension FlowDiagnosis {
    /// How well the flow does (handbook 11.1): the worst of the dimensions that apply, each linear between a value that
    /// nobody notices (100) and one that nobody bears (0). nil when nothing can be said; that is not 100.
    package static func score(_ flow: FlowSnapshot) -> HealthScore? {
        var worst: HealthScore?
        func weigh(_ dimension: HealthScore.Dimension, _ value: Double, good: Double, bad: Double) {
            guard value.isFinite else { return }
            let score = 100 * min(1, max(0, (bad - value) / (bad - good)))
            if let worst, worst.value <= score { return }
            worst = HealthScore(value: score, worst: dimension)
        }
        let trips = [flow.roundTrip.client, flow.roundTrip.server, flow.roundTrip.total]
        let samples = trips.compactMap { $0?.samples }.max() ?? 0
        if samples >= 20 {
            for delay in [flow.queueDelay.client, flow.queueDelay.server] {
                if let delay { weigh(.queueDelay, delay.p95.milliseconds, good: 5, bad: 300) }
            }
            if let base = base(flow.roundTrip) { weigh(.roundTrip, base.milliseconds, good: 50, bad: 400) }
        }
        if let handshake = flow.roundTrip.handshake {
            // Two round trips and 50 ms are what TCP and TLS need at best.
            let expected = (base(flow.roundTrip) ?? handshake).milliseconds * 2 + 50
            weigh(.handshake, handshake.milliseconds, good: min(expected, 2900), bad: 3000)
        }
        if let tcp = flow.tcp {
            for side in [tcp.client, tcp.server] {
                if side.dataSegments >= 20, let loss = side.lossRatio { weigh(.loss, loss * 100, good: 0.1, bad: 5) }
                guard let shares = side.limitedBy else { continue }
                let all = saturatingAdd(saturatingAdd(shares.network, shares.receiver), shares.application)
                guard all >= .seconds(3) else { continue }
                let held = saturatingAdd(shares.receiver, side.sendBufferLimited ?? 0)
                weigh(.limits, 100 * Double(held) / Double(all), good: 5, bad: 60)
            }
        }
        return worst
    }

    private static func base(_ trip: FlowRoundTrip) -> Nanoseconds? {
        if let total = trip.total { return total.minimum }
        guard let client = trip.client, let server = trip.server else { return nil }
        return saturatingAdd(client.minimum, server.minimum)
    }
}
