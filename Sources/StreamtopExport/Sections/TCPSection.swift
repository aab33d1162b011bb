import StreamtopBase
import StreamtopModel

extension JSONWriter {
    mutating func tcpSection(_ tcp: TCPSnapshot) {
        object("tcp") { json in
            if tcp.multipath { json.member("multipath", true) }
            json.member("syn_retransmissions", tcp.synRetransmissions)
            json.member("syn_ack_retransmissions", tcp.synAckRetransmissions)
            json.tcpEndpoint("client", tcp.client)
            json.tcpEndpoint("server", tcp.server)
        }
    }

    private mutating func tcpEndpoint(_ name: StaticString, _ endpoint: TCPEndpointSnapshot) {
        object(name) { json in
            json.tcpOptions(endpoint)
            json.tcpCounts(endpoint)
            json.tcpWindows(endpoint)
            json.tcpRates(endpoint)
            json.tcpLoss(endpoint)
            json.tcpFindings(endpoint)
        }
    }

    private mutating func tcpOptions(_ endpoint: TCPEndpointSnapshot) {
        member("mss_bytes", endpoint.mssBytes)
        member("window_scale", endpoint.windowScale)
        member("window_scale_min", endpoint.windowScaleMin)
        member("sack_permitted", endpoint.sackPermitted)
        member("timestamps", endpoint.timestamps)
        object("ecn") { json in
            json.member("negotiated", endpoint.ecnNegotiated)
            json.member("ect_packets", endpoint.ectPackets)
            json.member("ce_packets", endpoint.cePackets)
        }
        member("fast_open", endpoint.fastOpen)
        member("initial_cwnd_bytes", endpoint.initialWindowBytes)
    }

    private mutating func tcpCounts(_ endpoint: TCPEndpointSnapshot) {
        member("segments", endpoint.segments)
        member("data_segments", endpoint.dataSegments)
        member("unique_bytes", endpoint.uniqueBytes)
        if endpoint.largestSegment > 0 { member("largest_segment_bytes", endpoint.largestSegment) }
        object("retransmissions") { json in
            let counts = endpoint.allRetransmissions
            json.member("packets", counts.packets)
            json.member("bytes", counts.bytes)
            json.member("fast", counts.fast)
            json.member("timeout", counts.timeout)
            json.member("tail_probe", counts.tailProbe)
            json.member("spurious", counts.spurious)
            json.member("unclassified", counts.unclassified)
            if counts.peerGone > 0 { json.member("peer_gone", counts.peerGone) }
        }
        member("out_of_order", endpoint.outOfOrder)
        if endpoint.reorderExtent > 0 { member("reorder_extent", endpoint.reorderExtent) }
        member("duplicate_acks", endpoint.duplicateAcks)
        member("duplicate_packets", endpoint.duplicatePackets)
        member("dsacks", endpoint.dsacks)
        member("lost_before_capture", endpoint.lostBeforeCapture)
        member("lost_before_capture_bytes", endpoint.lostBeforeCaptureBytes)
        member("zero_windows", endpoint.zeroWindows)
        member("zero_window_episodes", endpoint.zeroWindowEpisodes)
        milliseconds("zero_window_ms", endpoint.zeroWindowTime)
        member("window_full", endpoint.windowFull)
        member("window_probes", endpoint.windowProbes)
        member("keep_alives", endpoint.keepAlives)
        member("resets", endpoint.resets)
        member("fins", endpoint.fins)
    }

    private mutating func tcpWindows(_ endpoint: TCPEndpointSnapshot) {
        inFlight(endpoint.inFlight)
        congestionWindow(endpoint.congestionWindow)
        if !endpoint.windowCuts.isEmpty {
            array("window_cuts", endpoint.windowCuts) { json, cut in
                json.object { json in
                    json.time("ts", cut.time)
                    json.member("before_bytes", cut.beforeBytes)
                    json.member("after_bytes", cut.afterBytes)
                    if cut.beforeBytes > 0 { json.ratio("ratio", Double(cut.afterBytes) / Double(cut.beforeBytes)) }
                }
            }
        }
        congestionControl(endpoint.congestionControl)
        if let window = endpoint.receiveWindow {
            object("receive_window") { json in
                json.member("last_bytes", window.last)
                json.member("max_bytes", window.maximum)
                json.member("min_bytes", window.minimum)
                json.member("occupied_bytes", window.occupied)
                if window.scaleUnknown { json.member("lower_bound", true) }
            }
        }
    }

    private mutating func tcpRates(_ endpoint: TCPEndpointSnapshot) {
        if let shares = endpoint.limitedBy {
            object("limited_by") { json in
                json.milliseconds("network_ms", shares.network)
                json.milliseconds("receiver_ms", shares.receiver)
                json.milliseconds("application_ms", shares.application)
            }
        }
        member("pacing", endpoint.pacing)
        if endpoint.lastRate != nil || endpoint.maxRate != nil || endpoint.meanRate != nil {
            object("rate") { json in
                json.rate("last_bps", endpoint.lastRate)
                json.rate("max_bps", endpoint.maxRate)
                json.rate("mean_bps", endpoint.meanRate)
            }
        }
        rate("goodput_bps", endpoint.goodput)
    }

    private mutating func tcpLoss(_ endpoint: TCPEndpointSnapshot) {
        object("loss") { json in
            let loss = endpoint.loss
            json.member("events", loss.events)
            json.member("random", loss.random)
            json.member("congestive", loss.congestive)
            json.member("policed", loss.policed)
            json.member("unknown", loss.unknown)
            json.member("upstream", loss.upstream)
            json.member("downstream", loss.downstream)
        }
        ratio("loss_ratio", endpoint.lossRatio)
    }

    private mutating func tcpFindings(_ endpoint: TCPEndpointSnapshot) {
        ratio("flight_delay_correlation", endpoint.flightDelayCorrelation)
        member("recoveries", endpoint.recoveries)
        member("tail_recoveries", endpoint.tailRecoveries)
        member("longest_backoff", endpoint.longestBackoff)
        member("idle_periods", endpoint.idlePeriods)
        member("idle_restarts", endpoint.idleRestarts)
        milliseconds("send_buffer_limited_ms", endpoint.sendBufferLimited)
    }
}
