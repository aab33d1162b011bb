import StreamtopBase
import StreamtopModel
import StreamtopWire

/// Round trips, from acknowledgments and from the echoes of distant senders.
extension TCPFlowTracker {
    static func measure(
        _ result: inout TCPAcknowledgmentResult, _ sender: inout TCPEndpoint, _ peer: inout TCPEndpoint,
        at time: Timestamp, _ shared: inout TCPSharedMeters
    ) {
        if let sample = result.senderSample, time - sample >= shared.timedFrom {
            sender.roundTrip.smooth(sample)
            if !shared.loop.isEmpty { shared.loop.value.smooth(saturatingAdd(sample, peer.roundTrip.last)) }
        }
        guard let sample = result.networkSample, time - sample >= shared.timedFrom else { return }
        let late = sample - (sender.roundTrip.hasSample ? sender.roundTrip.minimum : sample) > .milliseconds(30)
        if result.isDelayed, late { return }
        let queue = sender.roundTrip.maximumQueue
        let base = sender.roundTrip.ownBase
        sender.roundTrip.record(sample, source: .tcpAck, at: time)
        // The component that holds the queue: the longer one; both, one after the other, would jump all the time.
        if !peer.bulk.isEmpty, sender.roundTrip.minimum >= peer.roundTrip.minimum || !peer.roundTrip.hasSample {
            peer.bulk.value.fullQueue.observe(sample, at: time)
        }
        // Everything has arrived: no data of this flow stands in a queue.
        if !peer.bulk.isEmpty, peer.outstanding == 0 {
            peer.bulk.value.baseStep.observe(
                sample, base: base, queue: queue, flight: peer.flight.window ?? 0, at: time)
            if let step = peer.bulk.value.baseStep.take() { sender.roundTrip.rebase(to: step) }
        }
        if !shared.loop.isEmpty {
            shared.loop.value.record(saturatingAdd(sample, peer.roundTrip.last), source: .tcpAck, at: time)
        }
    }

    /// The sender of the data is distant, and its echoes have fallen silent: the round trip to it is the empty path's and
    /// what the acknowledged segment waited on its way here. Callers have the bulk meters.
    static func timeOneWay(
        _ result: TCPAcknowledgmentResult, of peer: inout TCPEndpoint, answering other: Nanoseconds, at time: Timestamp,
        _ shared: inout TCPSharedMeters
    ) {
        guard let sample = result.senderSample, time - sample >= shared.timedFrom,
            let smoothed = peer.roundTrip.smoothed,
            time - peer.bulk.value.lastEcho > 2 * min(smoothed, .seconds(100)),
            !peer.rare.isEmpty,
            let queue = peer.rare.value.inbound.oneWay.queue(stamp: result.oldestStamp, passed: time - sample)
        else { return }
        record(saturatingAdd(peer.roundTrip.minimum, queue), of: &peer, answering: other, at: time, &shared.loop)
    }

    /// A distant sender's segment tells by the timestamp that it echoes which acknowledgment had reached the sender, and
    /// how long that loop took (RFC 7323 section 4.1).
    static func hearEcho(
        _ sender: inout TCPEndpoint, _ peer: inout TCPEndpoint, _ frame: borrowing DecodedFrame, at time: Timestamp,
        _ shared: inout TCPSharedMeters
    ) {
        guard frame.tcp.options.hasTimestamps else { return }
        guard let passed = sender.log.reached(echo: frame.tcp.options.timestampEcho), passed >= shared.timedFrom else {
            return
        }
        let sample = max(0, time - passed)
        // The echo waits for data to send: where the sender was silent for long, that is what was measured.
        let silent = time - sender.lastData
        guard sender.lastData.nanoseconds != .min, silent < sample / 2 || sample < .milliseconds(1) else { return }
        if let smoothed = sender.roundTrip.smoothed,
            sample > max(.seconds(1), saturatingAdd(smoothed, 7 * min(smoothed, .seconds(100))))
        {
            return
        }
        if !sender.bulk.isEmpty { sender.bulk.value.lastEcho = time }
        record(sample, of: &sender, answering: peer.roundTrip.last, at: time, &shared.loop)
        if !sender.bulk.isEmpty, sender.roundTrip.minimum > peer.roundTrip.minimum || !peer.roundTrip.hasSample {
            sender.bulk.value.fullQueue.observe(sample, at: time)
        }
    }

    private static func record(
        _ sample: Nanoseconds, of sender: inout TCPEndpoint, answering other: Nanoseconds, at time: Timestamp,
        _ loop: inout OnDemand<RoundTripMeter>
    ) {
        sender.roundTrip.record(sample, source: .tcpTimestamps, at: time)
        sender.roundTrip.smooth(sample)
        if !loop.isEmpty {
            let whole = saturatingAdd(sample, other)
            loop.value.record(whole, source: .tcpTimestamps, at: time)
            loop.value.smooth(whole)
        }
    }
}
