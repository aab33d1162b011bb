import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func roundTrips(_ roundTrip: FlowRoundTrip) {
        guard roundTrip != FlowRoundTrip() else { return }
        object("rtt") { json in
            json.roundTrip("server", roundTrip.server)
            json.roundTrip("client", roundTrip.client)
            json.roundTrip("total", roundTrip.total)
            json.milliseconds("handshake_ms", roundTrip.handshake)
            if let change = roundTrip.baseChange {
                json.object("base_change") { json in
                    json.time("ts", change.time)
                    json.milliseconds("before_ms", change.before)
                    json.milliseconds("after_ms", change.after)
                }
            }
        }
    }

    /// The RTT object of the contract, wherever a round trip is told of. Without a sample there is nothing to tell.
    mutating func roundTrip(_ name: StaticString, _ trip: RoundTripSnapshot?) {
        guard let trip, trip.samples > 0 else { return }
        object(name) { json in
            json.member("samples", trip.samples)
            json.milliseconds("min_ms", trip.minimum)
            json.milliseconds("last_ms", trip.last)
            json.milliseconds("smoothed_ms", trip.smoothed)
            json.milliseconds("mean_ms", trip.mean)
            json.milliseconds("p50_ms", trip.p50)
            json.milliseconds("p95_ms", trip.p95)
            json.milliseconds("p99_ms", trip.p99)
            json.milliseconds("max_ms", trip.maximum)
            json.milliseconds("jitter_ms", trip.jitter)
            json.member("source", trip.source)
        }
    }

    mutating func queueDelays(_ delay: BothDirections<QueueDelaySnapshot?>) {
        guard delay.client != nil || delay.server != nil else { return }
        object("queue_delay") { json in
            json.queueDelay("client", delay.client)
            json.queueDelay("server", delay.server)
        }
    }

    /// Percentiles in milliseconds; nothing without any. `counted`: their number, too.
    mutating func spread(_ name: StaticString, _ times: DurationSpread?, counted: Bool = false) {
        guard let times else { return }
        object(name) { json in
            if counted { json.member("samples", times.samples) }
            json.milliseconds("p50", times.p50)
            json.milliseconds("p95", times.p95)
            json.milliseconds("max", times.maximum)
        }
    }

    private mutating func queueDelay(_ name: StaticString, _ delay: QueueDelaySnapshot?) {
        guard let delay else { return }
        object(name) { json in
            json.milliseconds("last_ms", delay.last)
            json.milliseconds("p50_ms", delay.p50)
            json.milliseconds("p95_ms", delay.p95)
            json.milliseconds("max_ms", delay.maximum)
        }
    }
}
