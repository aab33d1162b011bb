// Unsafe by nature: this file calls libpcap's filter compiler and interpreter. The proof: `program` is filled by
// pcap_compile before it is used and freed once in deinit; bpf_filter checks every load against the lengths given.
import CPcap
import StreamtopBase

/// A compiled BPF filter for one link type.
@safe
final class FilterProgram {
    private var program = unsafe bpf_program()

    /// Compiles `expression` (pcap-filter(7)) without a live capture.
    init(_ expression: String, linkType: LinkType) throws(CaptureError) {
        guard let dead = unsafe pcap_open_dead(linkType.libpcapNumber, Int32(CaptureLimits.frameBytes)) else {
            throw CaptureError(.badFilter, "no memory for the filter")
        }
        defer { unsafe pcap_close(dead) }
        guard unsafe pcap_compile(dead, &program, expression, 1, UInt32.max) == 0 else {
            throw unsafe Self.refused(expression, by: dead)
        }
    }

    deinit { unsafe pcap_freecode(&program) }

    /// Whether the filter lets a frame pass.
    func matches(_ bytes: UnsafeRawBufferPointer, wireLength: Int) -> Bool {
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return unsafe bpf_filter(program.bf_insns, start, UInt32(clamping: wireLength), UInt32(clamping: bytes.count))
            != 0
    }

    /// Installs a filter in an open capture.
    static func install(_ expression: String, in handle: OpaquePointer) throws(CaptureError) {
        var program = unsafe bpf_program()
        guard unsafe pcap_compile(handle, &program, expression, 1, UInt32.max) == 0 else {
            throw unsafe refused(expression, by: handle)
        }
        defer { unsafe pcap_freecode(&program) }
        guard unsafe pcap_setfilter(handle, &program) == 0 else { throw unsafe refused(expression, by: handle) }
    }

    private static func refused(_ expression: String, by handle: OpaquePointer) -> CaptureError {
        let text = unsafe String(cString: pcap_geterr(handle))
        return CaptureError(
            .badFilter, "bad filter “\(expression)”: \(text)", hint: "The language is that of pcap-filter(7).")
    }
}
