import StreamtopBase
import StreamtopModel

/// What the kernel of this host says: of a flow's socket, of its owner, of how our estimates compare.
extension JSONWriter {
    mutating func ladder(_ ladder: LadderSnapshot?) {
        guard let ladder else { return }
        object("ladder") { json in
            if let out = ladder.out { json.sum("out", out) }
            if let inward = ladder.inward { json.sum("in", inward) }
        }
    }

    private mutating func sum(_ name: StaticString, _ sum: LadderSnapshot.Sum) {
        object(name) { json in
            json.milliseconds("total_ms", sum.total)
            json.member("bound", sum.bound)
            json.member("largest", sum.largest)
            json.array("unread", sum.unread) { $0.string($1.rawValue) }
        }
    }

    /// `process` is the owner on this host; where both ends are here, each has its own beside it.
    mutating func processes(_ flow: FlowSnapshot) {
        guard let processes = flow.processes else { return }
        let main = flow.hostEnd.flatMap { processes[$0] } ?? processes.server ?? processes.client
        if let main { process("process", main) }
    }

    mutating func process(_ name: StaticString, _ process: ProcessSnapshot) {
        object(name) { json in
            json.member("pid", process.pid)
            json.member("name", process.name)
            json.member("user", process.user)
            json.member("container", process.container)
        }
    }

    mutating func kernel(_ kernel: KernelSample, start: Timestamp) {
        let socket = kernel.socket
        object("kernel") { json in
            json.member("side", kernel.side)
            json.offset("at_ms", socket.time - start)
            if let ends = socket.ownEnds {
                json.object("nat") { json in
                    json.member("local", ends.local.description)
                    json.member("remote", ends.remote.description)
                }
            }
            json.member("cwnd_bytes", socket.congestionWindow)
            json.member("ssthresh_bytes", socket.slowStartThreshold)
            json.milliseconds("srtt_ms", socket.smoothedRoundTrip)
            json.milliseconds("rttvar_ms", socket.roundTripVariation)
            json.milliseconds("min_rtt_ms", socket.minimumRoundTrip)
            json.rate("pacing_bps", socket.pacingRate)
            json.rate("delivery_bps", socket.deliveryRate)
            json.member("in_flight_bytes", socket.inFlight)
            json.member("notsent_bytes", socket.notSent)
            json.member("unread_bytes", socket.unread)
            json.member("send_buffer_bytes", socket.memory?.sendLimit)
            json.member("receive_buffer_bytes", socket.memory?.receiveLimit)
            json.member("peer_window_bytes", socket.peerWindow)
            json.member("retransmits", socket.retransmissions)
            json.member("retransmissions", socket.retransmissions)
            json.member("lost_packets", socket.lostPackets)
            json.member("backoff", socket.backoff.flatMap { $0 > 0 ? $0 : nil })
            json.member("congestion_control", socket.congestionControl)
            json.member("phase", socket.phase)
            json.object("limited") { json in
                json.milliseconds("busy_ms", socket.busy)
                json.milliseconds("receiver_ms", socket.receiverLimited)
                json.milliseconds("send_buffer_ms", socket.sendBufferLimited)
            }
            if let bbr = socket.bbr {
                json.object("bbr") { json in
                    json.rate("bandwidth_bps", bbr.bandwidth)
                    json.milliseconds("min_rtt_ms", bbr.minimumRoundTrip)
                    json.ratio("pacing_gain", bbr.pacingGain)
                    json.ratio("cwnd_gain", bbr.windowGain)
                    json.member("phase", bbr.phase)
                }
            }
            if let multipath = socket.multipath { json.multipath(multipath, kernel.otherSubflows) }
            json.errors(kernel)
        }
    }

    private mutating func multipath(_ state: MultipathState, _ others: [FlowIdentifier]) {
        object("mptcp") { json in
            json.member("token", state.token.map { String($0, radix: 16) })
            json.member("peer_token", state.peerToken.map { String($0, radix: 16) })
            json.member("address_id", state.addressIdentifier.map(Int.init))
            json.member("peer_address_id", state.peerAddressIdentifier.map(Int.init))
            json.member("backup", state.isBackup)
            json.member("subflows", state.connection?.subflows)
            json.member("notsent_bytes", state.connection?.notSent)
            json.member("unread_memory_bytes", state.connection?.unreadMemory)
            json.member("retransmissions", state.connection?.retransmissions)
            json.array("with", others) { $0.string("f\($1.number)") }
        }
    }

    private mutating func errors(_ kernel: KernelSample) {
        guard kernel.windowError != nil || kernel.roundTripError != nil || kernel.flightError != nil else { return }
        object("error") { json in
            json.ratio("cwnd", kernel.windowError)
            json.ratio("srtt", kernel.roundTripError)
            json.ratio("in_flight", kernel.flightError)
        }
    }

    mutating func comparison(_ kernel: KernelComparison) {
        object("kernel") { json in
            json.member("flows", kernel.flows)
            json.member("joined", kernel.joined)
            json.object("error") { json in
                json.error("cwnd", kernel.window)
                json.error("srtt", kernel.roundTrip)
                json.error("in_flight", kernel.flight)
                json.error("retransmissions", kernel.retransmissions)
                json.error("limited_by", kernel.limitedBy)
            }
            if kernel.limitedRoundTrip != nil || kernel.limitedFlight != nil {
                json.object("application_limited") { json in
                    json.error("srtt", kernel.limitedRoundTrip)
                    json.error("in_flight", kernel.limitedFlight)
                }
            }
            json.member("names_compared", kernel.namesCompared)
            json.member("wrong_names", kernel.wrongNames)
        }
    }

    private mutating func error(_ name: StaticString, _ error: KernelComparison.Error?) {
        guard let error else { return }
        object(name) { json in
            json.member("samples", error.samples)
            json.ratio("p50", error.p50)
            json.ratio("p95", error.p95)
        }
    }
}
