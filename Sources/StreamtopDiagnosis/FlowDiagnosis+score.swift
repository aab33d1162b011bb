import StreamtopBase
import StreamtopModel

extension FlowDiagnosis {
    /// How well the flow does (handbook 11.1): the worst of the dimensions that apply, each linear between a value that
    /// nobody notices (100) and one that nobody bears (0). nil when nothing can be said; that is not 100.
    package static func score(_ flow: borrowing FlowSnapshot) -> HealthScore? {
        // A connection that failed carried nothing: there is no worse.
        if ConnectionRules.hasFailed(copy flow) { return HealthScore(value: 0, worst: .handshake) }
        var worst: HealthScore?
        func weigh(_ dimension: HealthScore.Dimension, _ value: Double, good: Double, bad: Double) {
            guard value.isFinite else { return }
            let score = 100 * min(1, max(0, (bad - value) / (bad - good)))
            if let worst, worst.value <= score { return }
            worst = HealthScore(value: score, worst: dimension)
        }
        let trips = flow.roundTrip
        if max(trips.client?.samples ?? 0, trips.server?.samples ?? 0, trips.total?.samples ?? 0) >= 20 {
            for end in Direction.allCases {
                if let delay = flow.queueDelay[end] { weigh(.queueDelay, delay.p95.milliseconds, good: 5, bad: 300) }
            }
        }
        let base = flow.roundTrip.base
        if let base { weigh(.roundTrip, base.milliseconds, good: 50, bad: 400) }
        let handshake = max(flow.roundTrip.handshake ?? -1, flow.handshakeCost?.time ?? -1)
        if handshake >= 0 {
            // Two round trips and 50 ms are what TCP and TLS need at best.
            let expected = (base ?? handshake).milliseconds * 2 + 50
            weigh(.handshake, handshake.milliseconds, good: min(expected, 2900), bad: 3000)
        }
        var isBlind = false
        for end in Direction.allCases {
            flow.readSender(end) { sender in
                if sender.isPathUnmeasured, sender.dataPackets >= 20 { isBlind = true }
                if sender.dataPackets >= 20, let loss = sender.lossRatio { weigh(.loss, loss * 100, good: 0.1, bad: 5) }
                guard let shares = sender.limitedBy else { return }
                let all = saturatingAdd(saturatingAdd(shares.network, shares.receiver), shares.application)
                guard all >= .seconds(3) else { return }
                let held = saturatingAdd(shares.receiver, sender.sendBufferLimited ?? 0)
                weigh(.limits, 100 * Double(held) / Double(all), good: 5, bad: 60)
            }
        }
        // Half of the picture is no health: where a busy sender's queue could not be measured, only problems are named.
        if isBlind, worst?.value ?? 0 > 50 { return nil }
        return worst
    }
}
