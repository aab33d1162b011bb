import StreamtopBase
import StreamtopModel

/// What makes calls and media streams sound and look bad (rules 35 to 42).
enum MediaRules {
    static let audioLoss = Threshold(
        "effective loss, audio", 2, .percent, source: "ITU-T G.113 Bpl; GCC draft section 6")
    static let audioLossWatch = Threshold("effective loss, audio, worth a look", 0.5, .percent, source: "own")
    static let videoLoss = Threshold("effective loss, video", 5, .percent, source: "GCC draft section 6")
    static let videoLossWatch = Threshold("effective loss, video, worth a look", 1, .percent, source: "own")
    static let leastLost = Threshold("packets lost, at least", 5, .count, source: "own: fewer are a matter of chance")
    static let leastPackets = Threshold("packets expected, at least", 200, .count, source: "own")
    static let believableLoss = Threshold(
        "effective loss, at most, of a stream that is used", 65, .percent,
        source: "own; above it public captures hold a part of the stream only")
    static let jitterWatch = Threshold("mean jitter", 30, .milliseconds, source: "practice; RFC 3550 section 6.4.1")
    static let jitterHigh = Threshold("mean jitter, high", 50, .milliseconds, source: "practice")
    static let believableJitter = Threshold(
        "mean jitter, at most", 5_000, .milliseconds,
        source: "own; no path holds packets for longer: the capture's stamps are damaged")
    static let keyFrameRequests = Threshold("key frame requests a second", 0.5, .count, source: "own")
    static let leastRequests = Threshold("key frame requests, at least", 10, .count, source: "own")
    static let askedAgain = Threshold("numbers asked for again", 0.5, .ratio, source: "own")
    static let leastAsked = Threshold("numbers asked for, at least", 20, .count, source: "own")
    static let delayWatch = Threshold("one-way delay", 150, .milliseconds, source: "ITU-T G.114")
    static let delayHigh = Threshold("one-way delay, high", 400, .milliseconds, source: "ITU-T G.114")
    static let scoreWatch = Threshold("mean opinion score below", 3.6, .count, source: "ITU-T G.107 annex B, G.109")
    static let scoreLow = Threshold("mean opinion score below, low", 3.1, .count, source: "ITU-T G.107 annex B, G.109")

    static let rules: [Rule] = [
        Rule(
            35, "media_loss", .application, symptom: "Speech breaks up, pictures freeze or smear.",
            thresholds: [
                audioLossWatch, audioLoss, videoLossWatch, videoLoss, leastLost, leastPackets, believableLoss,
            ],
            silentWhen: ["retransmissions or FEC bring the packets back in time", "numbers begin anew"], needs: .media,
            judge: .flow(mediaLoss)),
        Rule(
            36, "media_jitter", .application, symptom: "Delay varies so much that the receiver must buffer for long.",
            thresholds: [jitterWatch, jitterHigh, believableJitter],
            silentWhen: ["timestamps go back: the order of sending is in the figure"], needs: .media,
            judge: .flow(jitter)),
        Rule(
            37, "key_frame_storm", .application, symptom: "Quality pulses: whole pictures are asked for all the time.",
            thresholds: [keyFrameRequests, leastRequests],
            silentWhen: ["reports are encrypted"], needs: .media, judge: .flow(keyFrameStorm)),
        Rule(
            38, "retransmission_useless", .application, symptom: "Lost packets are asked for again and again.",
            thresholds: [askedAgain, leastAsked], silentWhen: ["reports are encrypted"], needs: .media,
            judge: .flow(retransmissionUseless)),
        Rule(
            40, "conversation_delay", .application, symptom: "People talk over each other.",
            thresholds: [delayWatch, delayHigh], silentWhen: ["no sender report was quoted: no round trip is known"],
            needs: .media, judge: .flow(conversationDelay)),
        Rule(
            41, "speech_quality", .application, symptom: "The call sounds bad.", thresholds: [scoreWatch, scoreLow],
            silentWhen: ["the codec is unknown"], yieldsTo: [35], needs: .media, judge: .flow(speechQuality)),
    ]

    /// Of all streams the one that a rule speaks of most loudly.
    private static func worst(
        _ flow: FlowSnapshot, by size: (RTPStreamSnapshot) -> Double?
    ) -> (stream: RTPStreamSnapshot, value: Double)? {
        var found: (RTPStreamSnapshot, Double)?
        for stream in flow.rtp where !stream.isRepair {
            guard let value = size(stream), value > found?.1 ?? 0 else { continue }
            found = (stream, value)
        }
        return found.map { (stream: $0.0, value: $0.1) }
    }

    private static func nanoseconds(_ milliseconds: Double) -> Nanoseconds { Nanoseconds(milliseconds * 1e6) }

    private static func kind(_ stream: RTPStreamSnapshot) -> String {
        stream.isVideo == true ? "video" : stream.isVideo == false ? "audio" : "media"
    }

    private static func sender(_ stream: RTPStreamSnapshot) -> String {
        stream.from == .fromClient ? "client" : "server"
    }

    /// Share of packets that the decoder does not get, in percent, judged by the last ten seconds of a stream that lasts.
    private static func effectiveLoss(_ stream: RTPStreamSnapshot, isFinal: Bool) -> Double? {
        let counts = isFinal ? nil : stream.recent
        let expected = counts?.expected ?? stream.expected
        let lost = counts?.lost ?? stream.lostFinal
        guard Double(expected) >= leastPackets.value, Double(lost) >= leastLost.value else { return nil }
        return Double(lost) * 100 / Double(expected)
    }

    private static func mediaLoss(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            guard let loss = effectiveLoss(stream, isFinal: flow.isFinal) else { return nil }
            let watch = stream.isVideo == true ? videoLossWatch.value : audioLossWatch.value
            return loss > watch ? loss / watch : nil
        }
        guard let (stream, _) = found, let loss = effectiveLoss(stream, isFinal: flow.isFinal) else { return nil }
        // What this host threw away before the capture saw it was never lost on the path.
        if let thrown = droppedHere(stream, flow), thrown * 2 >= UInt64(stream.lost) { return nil }
        let limit = stream.isVideo == true ? videoLoss.value : audioLoss.value
        // Nobody stays on a call, and no sender goes on, that loses two packets of three.
        let isDoubtful = loss > believableLoss.value
        // What encrypted FEC brings back cannot be counted.
        let isUnknown = stream.fec.map { $0.recovered == nil } ?? false
        let repaired =
            isUnknown
            ? "; what its FEC brings back is encrypted"
            : stream.lostRepaired.map { $0 > 0 ? "; \($0) more came again in time" : "" } ?? ""
        return Finding(
            severity: loss > limit && !isDoubtful && !isUnknown ? .critical : .warning,
            subject: isDoubtful ? .host : .path,
            summary:
                "\(FigureText.percent(loss / 100)) of the \(sender(stream))'s \(kind(stream)) is missing at the capture point\(isDoubtful ? ": more likely the capture does not hold all of it" : repaired)",
            evidence: [
                .init("loss_percent", loss), .init("lost", Double(stream.lostFinal)),
                .init("expected", Double(stream.expected)), .init("longest_burst", Double(stream.longestBurst)),
            ],
            advice: stream.isVideo == true
                ? "At the sender: NACK with RTX, or FlexFEC where the round trip is long. On the path: find the link that drops, lower the bitrate."
                : "At the sender: Opus in-band FEC or RED. On the path: find the link that drops (Wi-Fi, a full queue).",
            confidence: isDoubtful || isUnknown ? 0.5 : stream.lost >= 20 ? 0.9 : 0.75)
    }

    /// Packets that this host threw away in front of the capture point: in its own queue those that it sends, in rings and
    /// backlogs those that it receives. nil where nobody counts them.
    private static func droppedHere(_ stream: RTPStreamSnapshot, _ flow: FlowSnapshot) -> UInt64? {
        guard let here = flow.hostEnd else { return nil }
        if stream.from == here { return flow.buffers.first { $0.direction == .out && $0.layer == .qdisc }?.drops }
        return flow.droppedOnArrival
    }

    private static func jitter(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            guard !stream.timestampsGoBack, stream.packets >= 200 else { return nil }
            // Packets of one picture are paced: for video the first packet of each counts.
            let value = stream.isVideo == true ? stream.frameJitter : stream.meanJitter
            return value.map(\.milliseconds)
                .flatMap { $0 > jitterWatch.value && $0 <= believableJitter.value ? $0 : nil }
        }
        guard let (stream, value) = found else { return nil }
        return Finding(
            severity: value > jitterHigh.value ? .critical : .warning,
            // At the host that sends, what makes it is in front of the network.
            subject: stream.from == flow.hostEnd ? .host : .path,
            summary:
                "The \(sender(stream))'s \(kind(stream)) arrives with \(FigureText.time(nanoseconds(value))) of jitter: a receiver must buffer as much",
            evidence: [.init("jitter_ms", value)],
            advice:
                "Mark it (DSCP EF, WMM voice), use a cable, keep bulk traffic out of its queue; else a deeper jitter buffer.",
            confidence: 0.8)
    }

    private static func keyFrameStorm(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            let asked = (stream.pictureLossIndications ?? 0) + (stream.fullIntraRequests ?? 0)
            let seconds = (stream.end - stream.start).seconds
            guard Double(asked) >= leastRequests.value, seconds > 5 else { return nil }
            let rate = Double(asked) / seconds
            return rate > keyFrameRequests.value ? rate : nil
        }
        guard let (stream, value) = found else { return nil }
        return Finding(
            severity: .warning, subject: stream.from == .fromClient ? .server : .client,
            summary: "A key frame is asked for \(FigureText.number(value)) times a second",
            evidence: [
                .init("requests_per_s", value), .init("plis", Double(stream.pictureLossIndications ?? 0)),
                .init("firs", Double(stream.fullIntraRequests ?? 0)),
            ],
            advice:
                "At an SFU: pass on one request a second at most. At receivers: RTX before PLI; simulcast for many viewers.",
            confidence: 0.85)
    }

    private static func retransmissionUseless(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            guard Double(stream.nackedNumbers) >= leastAsked.value else { return nil }
            let share = Double(stream.nackedAgain) / Double(stream.nackedNumbers)
            return share > askedAgain.value ? share : nil
        }
        guard let (stream, value) = found else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(FigureText.percent(value)) of what is asked for again was asked for before: retransmission does not keep up",
            evidence: [.init("asked_again_ratio", value), .init("asked", Double(stream.nackedNumbers))],
            advice:
                "Use FEC instead of retransmission here, or a nearer relay or SFU: the round trip is too long for the jitter buffer.",
            confidence: 0.75)
    }

    /// Half the round trip that RTCP shows is one direction's share, of one component of it: a lower bound.
    private static func conversationDelay(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            guard let trip = stream.roundTrip, trip.samples >= 3 else { return nil }
            let oneWay = trip.p50.milliseconds / 2
            return oneWay > delayWatch.value ? oneWay : nil
        }
        guard let (_, value) = found else { return nil }
        return Finding(
            severity: value > delayHigh.value ? .critical : .warning, subject: .path,
            summary: "At least \(FigureText.time(nanoseconds(value))) pass between mouth and ear, buffers not counted",
            evidence: [.init("one_way_at_least_ms", value)],
            advice: "A nearer SFU or TURN server; a direct path where a relay is in use.", confidence: 0.8)
    }

    private static func speechQuality(_ flow: FlowSnapshot) -> Finding? {
        let found = worst(flow) { stream in
            guard let voice = stream.voice else { return nil }
            return voice.last < scoreWatch.value ? 5 - voice.last : nil
        }
        guard let (stream, _) = found, let voice = stream.voice else { return nil }
        return Finding(
            severity: voice.last < scoreLow.value ? .critical : .warning, subject: .path,
            summary:
                "The \(sender(stream))'s speech scores \(FigureText.number(voice.last)) of 4.5\(voice.isWithoutDelay ? " (delay not counted)" : "")",
            evidence: [.init("mos", voice.last), .init("mos_min", voice.worst)],
            advice: "Loss weighs most here: FEC or RED at the sender, another path. With long delays a nearer relay.",
            confidence: voice.isAssumed ? 0.6 : 0.75)
    }
}
