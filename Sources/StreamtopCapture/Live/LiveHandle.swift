// Unsafe by nature: this file calls libpcap. The proof: `handle` is live from init to deinit and used by one thread; the
// callback's context is a pointer to a local that outlives the pcap_dispatch it is passed to, and the frame it is given
// is copied before it returns.
import CPcap
import Glibc
import StreamtopBase

/// How interfaces are opened.
package struct LiveOptions: Sendable {
    /// Bytes kept of a frame at most.
    package var snaplen = CaptureLimits.frameBytes
    package var isPromiscuous = true
    /// Kernel buffer of each interface, in MiB; within `bufferMiBRange`.
    package var bufferMiB = 64
    /// libpcap takes the size as a signed number of 32 bits.
    package static let bufferMiBRange = 1...2_047
    package var filter: String?
    /// Milliseconds `read` waits for a frame.
    package var patience: Int32 = 100
    package init() {}
}

/// One open interface.
@safe
final class LiveHandle {
    private let handle: OpaquePointer
    let linkType: LinkType
    let descriptor: Int32
    private let isNanosecond: Bool

    /// Opens and starts the capture. Corresponds to pcap_create, pcap_set_…, pcap_activate.
    init(name: String, options: LiveOptions) throws(CaptureError) {
        var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let created = unsafe pcap_create(name, &text) else {
            throw CaptureError(.live, "cannot open \(name): \(words(text))")
        }
        do throws(CaptureError) {
            unsafe pcap_set_snaplen(created, Int32(clamping: options.snaplen))
            unsafe pcap_set_promisc(created, options.isPromiscuous ? 1 : 0)
            let size = max(
                LiveOptions.bufferMiBRange.lowerBound, min(options.bufferMiB, LiveOptions.bufferMiBRange.upperBound))
            unsafe pcap_set_buffer_size(created, Int32(clamping: size << 20))
            // How long the kernel may hold a part-filled block back: what a screen of ten pictures a second needs.
            unsafe pcap_set_timeout(created, 50)
            let nano = unsafe pcap_set_tstamp_precision(created, PCAP_TSTAMP_PRECISION_NANO) == 0
            let result = unsafe pcap_activate(created)
            guard result >= 0 else { throw unsafe Self.failure(result, name: name, handle: created) }
            isNanosecond = unsafe nano && pcap_get_tstamp_precision(created) == PCAP_TSTAMP_PRECISION_NANO
            if let filter = options.filter, !filter.isEmpty { try unsafe FilterProgram.install(filter, in: created) }
            guard unsafe pcap_setnonblock(created, 1, &text) == 0 else {
                throw CaptureError(.live, "cannot open \(name): \(words(text))")
            }
        } catch {
            unsafe pcap_close(created)
            throw error
        }
        linkType = unsafe LinkType(libpcap: pcap_datalink(created))
        descriptor = unsafe pcap_get_selectable_fd(created)
        unsafe handle = created
    }

    deinit { unsafe pcap_close(handle) }

    private struct Sink {
        var batch: FrameBatch
        var linkType: LinkType
        var interface: UInt32
        var isNanosecond: Bool
    }

    /// Appends what the kernel holds, `limit` frames at most. nil: the capture failed, in `failureText`.
    func drain(into batch: inout FrameBatch, interface: UInt32, limit: Int32) -> Int? {
        var sink = Sink(batch: FrameBatch(), linkType: linkType, interface: interface, isNanosecond: isNanosecond)
        swap(&sink.batch, &batch)
        let count = unsafe withUnsafeMutablePointer(to: &sink) { pointer in
            unsafe pcap_dispatch(
                handle, limit,
                { context, header, bytes in
                    guard let context = unsafe context, let header = unsafe header, let bytes = unsafe bytes else {
                        return
                    }
                    let sink = unsafe UnsafeMutableRawPointer(context).assumingMemoryBound(to: Sink.self)
                    let captured = unsafe Int(header.pointee.caplen)
                    let fraction = unsafe Int64(header.pointee.ts.tv_usec)
                    let time = unsafe Timestamp(
                        seconds: Int64(header.pointee.ts.tv_sec),
                        nanoseconds: sink.pointee.isNanosecond ? fraction : fraction &* 1000)
                    let offset = unsafe sink.pointee.batch.bytes.count
                    unsafe sink.pointee.batch.bytes.append(
                        contentsOf: UnsafeBufferPointer(start: bytes, count: captured))
                    unsafe sink.pointee.batch.frames.append(
                        FrameRecord(
                            time: time, offset: offset, capturedLength: captured, wireLength: Int(header.pointee.len),
                            linkType: sink.pointee.linkType, interface: sink.pointee.interface))
                }, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt8.self))
        }
        swap(&sink.batch, &batch)
        return count >= 0 ? Int(count) : nil
    }

    var failureText: String { unsafe String(cString: pcap_geterr(handle)) }

    /// Corresponds to pcap_stats.
    var counts: DropCounts? {
        var stats = pcap_stat()
        guard unsafe pcap_stats(handle, &stats) == 0 else { return nil }
        return DropCounts(
            received: UInt64(stats.ps_recv), kernel: UInt64(stats.ps_drop), interface: UInt64(stats.ps_ifdrop))
    }

    private static func failure(_ result: Int32, name: String, handle: OpaquePointer) -> CaptureError {
        let detail = unsafe String(cString: pcap_geterr(handle))
        switch result {
        case PCAP_ERROR_NO_SUCH_DEVICE: return noSuchInterface(name)
        case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED:
            if name != "any", unsafe if_nametoindex(name) == 0 { return noSuchInterface(name) }
            return CaptureError(
                .permission, "no permission to capture on \(name)",
                hint: "Allow it once: sudo setcap cap_net_raw,cap_net_admin+eip \(ownPath)")
        case PCAP_ERROR_IFACE_NOT_UP: return CaptureError(.live, "\(name) is not up")
        default:
            let text = unsafe String(cString: pcap_statustostr(result))
            return CaptureError(.live, "cannot capture on \(name): \(detail.isEmpty ? text : detail)")
        }
    }

    private static func noSuchInterface(_ name: String) -> CaptureError {
        CaptureError(.noSuchInterface, "there is no interface \(name)", hint: "streamtop -D lists those there are.")
    }

    /// Path of this program, for the setcap line.
    private static var ownPath: String {
        var path = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &path, path.count - 1)
        return count > 0 ? words(path) : "PATH-OF-STREAMTOP"
    }
}
