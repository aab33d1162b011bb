import StreamtopModel

/// Flight, window and congestion control of a sender: the same for every transport that has them.
extension JSONWriter {
    mutating func inFlight(_ flight: InFlightSnapshot?) {
        if let flight {
            object("in_flight") { json in
                json.member("last_bytes", flight.last)
                json.member("max_bytes", flight.maximum)
                json.member("p50_bytes", flight.p50)
                if flight.isLowerBound { json.member("lower_bound", true) }
            }
        }
    }

    mutating func congestionWindow(_ window: CongestionWindowSnapshot?) {
        if let window {
            object("cwnd") { json in
                json.member("bytes", window.bytes)
                json.member("packets", window.packets)
                json.member("max_bytes", window.maximum)
                json.member("source", window.source)
                json.ratio("confidence", window.confidence)
                json.member("phase", window.phase)
                if window.isLowerBound { json.member("lower_bound", true) }
            }
        }
    }

    mutating func congestionControl(_ control: CongestionControlSnapshot?) {
        if let control {
            object("congestion_control") { json in
                json.member("name", control.name)
                json.member("source", control.source)
                json.ratio("confidence", control.confidence)
                json.array("evidence", control.evidence) { $0.string($1) }
            }
        }
    }
}
