import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func tcpSection(_ tcp: TCPSnapshot) {
        object("tcp") { json in
            if tcp.multipath { json.member("multipath", true) }
            json.member("syn_retransmissions", tcp.synRetransmissions)
            json.member("syn_ack_retransmissions", tcp.synAckRetransmissions)
            json.tcpSide("client", tcp.client)
            json.tcpSide("server", tcp.server)
        }
    }

    private mutating func tcpSide(_ name: StaticString, _ side: TCPSideSnapshot) {
        object(name) { json in
            json.tcpOptions(side)
            json.tcpCounts(side)
            json.tcpWindows(side)
            json.tcpRates(side)
            json.tcpLoss(side)
            json.tcpFindings(side)
        }
    }

    private mutating func tcpOptions(_ side: TCPSideSnapshot) {
        member("mss_bytes", side.mssBytes)
        member("window_scale", side.windowScale)
        member("window_scale_min", side.windowScaleMin)
        member("sack_permitted", side.sackPermitted)
        member("timestamps", side.timestamps)
        object("ecn") { json in
            json.member("negotiated", side.ecnNegotiated)
            json.member("ect_packets", side.ectPackets)
            json.member("ce_packets", side.cePackets)
        }
        member("fast_open", side.fastOpen)
        member("initial_cwnd_bytes", side.initialWindowBytes)
    }

    private mutating func tcpCounts(_ side: TCPSideSnapshot) {
        member("segments", side.segments)
        member("data_segments", side.dataSegments)
        member("unique_bytes", side.uniqueBytes)
        if side.largestSegment > 0 { member("largest_segment_bytes", side.largestSegment) }
        let again = side.allRetransmissions
        if again == RetransmissionCounts() {
            member("retransmissions", Self.noRetransmissions)
        } else {
            object("retransmissions") { $0.retransmissions(again) }
        }
        member("out_of_order", side.outOfOrder)
        if side.reorderExtent > 0 { member("reorder_extent", side.reorderExtent) }
        member("duplicate_acks", side.duplicateAcks)
        member("duplicate_packets", side.duplicatePackets)
        member("dsacks", side.dsacks)
        member("lost_before_capture", side.lostBeforeCapture)
        member("lost_before_capture_bytes", side.lostBeforeCaptureBytes)
        member("zero_windows", side.zeroWindows)
        member("zero_window_episodes", side.zeroWindowEpisodes)
        milliseconds("zero_window_ms", side.zeroWindowTime)
        member("window_full", side.windowFull)
        member("window_probes", side.windowProbes)
        member("keep_alives", side.keepAlives)
        member("resets", side.resets)
        member("fins", side.fins)
    }

    private static let noRetransmissions = ObjectOfZeros { $0.retransmissions(RetransmissionCounts()) }

    private mutating func retransmissions(_ counts: RetransmissionCounts) {
        member("packets", counts.packets)
        member("bytes", counts.bytes)
        member("fast", counts.fast)
        member("timeout", counts.timeout)
        member("tail_probe", counts.tailProbe)
        member("spurious", counts.spurious)
        member("unclassified", counts.unclassified)
        if counts.peerGone > 0 { member("peer_gone", counts.peerGone) }
    }

    private mutating func tcpWindows(_ side: TCPSideSnapshot) {
        inFlight(side.inFlight)
        congestionWindow(side.congestionWindow)
        if !side.windowCuts.isEmpty {
            array("window_cuts", side.windowCuts) { json, cut in
                json.object { json in
                    json.time("ts", cut.time)
                    json.member("before_bytes", cut.beforeBytes)
                    json.member("after_bytes", cut.afterBytes)
                    if cut.beforeBytes > 0 { json.ratio("ratio", Double(cut.afterBytes) / Double(cut.beforeBytes)) }
                }
            }
        }
        congestionControl(side.congestionControl)
        if let window = side.receiveWindow {
            object("receive_window") { json in
                json.member("last_bytes", window.last)
                json.member("max_bytes", window.maximum)
                json.member("min_bytes", window.minimum)
                json.member("occupied_bytes", window.occupied)
                if window.scaleUnknown { json.member("lower_bound", true) }
            }
        }
    }

    private mutating func tcpRates(_ side: TCPSideSnapshot) {
        if let shares = side.limitedBy {
            object("limited_by") { json in
                json.milliseconds("network_ms", shares.network)
                json.milliseconds("receiver_ms", shares.receiver)
                json.milliseconds("application_ms", shares.application)
            }
        }
        member("pacing", side.pacing)
        if side.lastRate != nil || side.maxRate != nil || side.meanRate != nil {
            object("rate") { json in
                json.rate("last_bps", side.lastRate)
                json.rate("max_bps", side.maxRate)
                json.rate("mean_bps", side.meanRate)
            }
        }
        rate("goodput_bps", side.goodput)
    }

    private mutating func tcpLoss(_ side: TCPSideSnapshot) {
        if side.sender.loss == LossCounts() {
            member("loss", Self.noLoss)
        } else {
            object("loss") { $0.losses(side.sender.loss) }
        }
        ratio("loss_ratio", side.lossRatio)
    }

    private static let noLoss = ObjectOfZeros { $0.losses(LossCounts()) }

    private mutating func losses(_ loss: LossCounts) {
        member("events", loss.events)
        member("random", loss.random)
        member("congestive", loss.congestive)
        member("policed", loss.policed)
        member("unknown", loss.unknown)
        member("upstream", loss.upstream)
        member("downstream", loss.downstream)
    }

    private mutating func tcpFindings(_ side: TCPSideSnapshot) {
        ratio("flight_delay_correlation", side.flightDelayCorrelation)
        member("recoveries", side.recoveries)
        member("tail_recoveries", side.tailRecoveries)
        member("longest_backoff", side.longestBackoff)
        member("idle_periods", side.idlePeriods)
        member("idle_restarts", side.idleRestarts)
        milliseconds("send_buffer_limited_ms", side.sendBufferLimited)
    }
}
