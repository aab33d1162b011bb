/// abs-send-time: when the sender handed the packet to the network, 24 bits of 6.18 fixed-point seconds (webrtc.org
/// experiments/rtp-hdrext/abs-send-time). It wraps every 64 s.
package struct AbsoluteSendTime: Equatable, Sendable, BitwiseCopyable {
    package static var length: Int { 3 }
    /// Units in a second.
    package static var unitsPerSecond: Double { 262_144 }

    /// 24 bits.
    package var units: UInt32

    package init(units: UInt32) { self.units = units & 0xff_ffff }

    /// Units since `earlier`, the shorter way round: −2^23 to 2^23 − 1.
    package func distance(after earlier: AbsoluteSendTime) -> Int32 {
        // Both have 24 bits; shifted up, the signed difference wraps as they do.
        Int32(bitPattern: units << 8 &- earlier.units << 8) >> 8
    }
}

/// Dependency descriptor (AOMedia "RTP Payload Format For AV1", appendix A.8): the three bytes that every one has, and
/// the flags of the extended form.
///
///     start_of_frame(1) end_of_frame(1) frame_dependency_template_id(6) frame_number(16)
///     [template_dependency_structure_present(1) active_decode_targets_present(1) custom_dtis(1) custom_fdiffs(1)
///      custom_chains(1) …]
package struct DependencyDescriptor: Equatable, Sendable, BitwiseCopyable {
    package var isFrameStart: Bool
    package var isFrameEnd: Bool
    package var template: UInt8
    package var frameNumber: UInt16
    /// The template structure travels with the first packet of a key frame (section A.8.3).
    package var hasStructure: Bool
    /// Template number of the structure's first template; meaningful with `hasStructure`.
    package var templateOffset: UInt8 = 0
    /// Decode targets in the structure, 1 to 32; meaningful with `hasStructure`.
    package var decodeTargets: UInt8 = 0

    @_lifetime(reader: copy reader)
    package init(decoding reader: inout ByteReader) throws(DecodeError) {
        try reader.require(3, in: .rtp)
        let first = reader.uint8()
        isFrameStart = first & 0x80 != 0
        isFrameEnd = first & 0x40 != 0
        template = first & 0x3f
        frameNumber = reader.uint16()
        guard let flags = reader.peekUInt8() else {
            hasStructure = false
            return
        }
        hasStructure = flags & 0x80 != 0
        if hasStructure, let next = reader.peekUInt8(ahead: 1), let third = reader.peekUInt8(ahead: 2) {
            // Behind the five flags: template_id_offset(6) dt_cnt_minus_one(5).
            let bits = UInt32(flags) << 16 | UInt32(next) << 8 | UInt32(third)
            templateOffset = UInt8(truncatingIfNeeded: bits >> 13 & 0x3f)
            decodeTargets = UInt8(truncatingIfNeeded: bits >> 8 & 0x1f) + 1
        }
    }
}
