import StreamtopBase
import StreamtopModel
import StreamtopWire

extension RTPStreamState {
    /// What is known at `time`; `rtcp` is what reports say of this stream.
    func snapshot(at time: Timestamp, _ rtcp: RTCPSource?) -> RTPStreamSnapshot {
        var result = RTPStreamSnapshot(source: source, from: from, start: start, end: end)
        result.payloadTypes = payloadTypes
        result.codec = codec?.rawValue
        result.isVideo = isVideo
        result.clockRate = clock.rate
        result.isEncrypted = isEncrypted
        result.packets = sequence.packets
        result.bytes = bytes
        result.expected = sequence.expected
        result.lost = sequence.lost
        result.duplicates = sequence.duplicates
        result.reordered = sequence.reordered
        result.restarts = sequence.restarts
        result.movedFrom = movedFrom
        let (lengths, longest) = sequence.burstCounts
        result.bursts = lengths.map { RTPBurstCount(length: $0.length, count: $0.count) }
        result.longestBurst = longest
        if let rate = clock.rate, let reading = jitter.reading(at: rate) {
            result.jitter = reading.last
            result.meanJitter = reading.mean
            result.maximumJitter = reading.maximum
        }
        result.bitrate = rate.rate(at: max(time, end))
        if end > start { result.meanBitrate = Double(bytes) * 8 / (end - start).seconds }
        if isVideo == true { fillVideo(&result) }
        if isVideo == false { fillAudio(&result) }
        result.recent = recent
        result.seconds = seconds.all
        result.firstKeyFrame = firstKeyFrame
        result.repeats = repeats
        result.repairs = repairs
        result.requested = requested
        result.probes = probes
        result.protects = flexFEC.protects
        result.paritySource = flexFEC.evidence?.rawValue
        result.isParity = flexFEC.isSure
        result.repairTimes = DurationSpread(repairWaits)
        if let protector {
            result.fec = RTPForwardErrorCorrectionSnapshot(
                kind: .flexfec, packets: protector.state.sequence.packets, bytes: protector.state.bytes,
                recovered: protector.state.flexFEC.isReadable ? fecRecovered : nil)
        } else if let fec {
            result.fec = RTPForwardErrorCorrectionSnapshot(
                kind: fec.kind, packets: fec.packets, bytes: fec.bytes, recovered: fecRecovered)
        }
        if holes.repaired > 0 || fec != nil || isRepaired || protector?.state.flexFEC.isReadable == true {
            result.lostRepaired = min(holes.repaired, sequence.lost)
        }
        result.repairedLate = min(holes.late, result.lostRepaired ?? 0)
        if let media = clock.mediaClock {
            result.mediaClock = MediaClockSnapshot(advance: media.advance, wall: media.wall)
        }
        fillReports(&result, rtcp)
        return result
    }

    private func fillVideo(_ result: inout RTPStreamSnapshot) {
        if !isRepair {
            let span = clock.span ?? 0
            result.frames = RTPFrameSnapshot(
                count: frames.count, rate: span > 0 ? Double(frames.count - 1) / span : nil,
                medianBytes: frames.medianSize())
            let freezes = frames.freezes
            result.freezes = RTPFreezeSnapshot(
                count: freezes.count, total: freezes.total, longest: freezes.longest)
            if let rate = clock.rate { result.frameJitter = frames.jitter.reading(at: rate)?.last }
            result.timestampsGoBack = frames.backward * 10 >= frames.count && frames.count > 10
        }
        if let found = extensions.keyFrames {
            result.keyFrames = found.count
            result.keyFrameInterval = found.interval
        } else if isEncrypted != true || isReadable, let codec, RTPPayloadFacts.tellsKeyFrames(codec) {
            result.keyFrames = keyFrames.count
            result.keyFrameInterval = keyFrames.meanInterval
        }
    }

    private func fillAudio(_ result: inout RTPStreamSnapshot) {
        if let buffer = playout.meanBuffer {
            result.playout = RTPPlayoutSnapshot(buffer: buffer, late: playout.late, underruns: playout.underruns)
        }
        if let last = voice.last, let worst = voice.worst {
            result.voice = VoiceQualitySnapshot(
                last: last, worst: worst, isWithoutDelay: voice.isWithoutDelay, isAssumed: codec == .opus)
        }
    }

    private func fillReports(_ result: inout RTPStreamSnapshot, _ rtcp: RTCPSource?) {
        result.nacks = rtcp?.nacks ?? 0
        result.pictureLossIndications = rtcp?.pictureLoss ?? 0
        result.fullIntraRequests = rtcp?.intraRequests ?? 0
        guard let rtcp else { return }
        result.nackedNumbers = rtcp.askedNumbers
        result.nackedAgain = rtcp.askedAgain
        result.answerTimes = DurationSpread(rtcp.answers)
        result.receiverEstimate = rtcp.estimate
        result.roundTrip = RoundTripSnapshot(rtcp.roundTrips, source: .rtcp)
    }
}
