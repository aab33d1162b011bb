// Feedback of Pion's interceptors over UDP, and what both ends counted.
//
// Usage: feedback PORT. Prints "ready", waits for a line on standard input, then sends two streams of RTP for three seconds, one to PORT
// with transport-wide sequence numbers, which is answered by transport-wide feedback, and one to PORT+1, which is answered by feedback of
// RFC 8888. Both lose packets, which are asked for again (NACK) and sent again on the same source. Prints one JSON line of facts.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/rfc8888"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

const (
	packets = 300
	every   = 10 * time.Millisecond
	number  = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
)

type facts struct {
	SSRC     string         `json:"ssrc"`
	Sent     int            `json:"sent"`
	Lost     int            `json:"lost"`
	Repeated int            `json:"repeated"`
	Feedback map[string]int `json:"feedback"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func chain(factories ...interceptor.Factory) interceptor.Interceptor {
	registry := &interceptor.Registry{}
	for _, factory := range factories {
		registry.Add(factory)
	}
	built, err := registry.Build("")
	check(err)
	return built
}

func made(factory interceptor.Factory, err error) interceptor.Factory {
	check(err)
	return factory
}

func name(packet rtcp.Packet) string {
	switch packet.(type) {
	case *rtcp.TransportLayerCC:
		return "twcc"
	case *rtcp.CCFeedbackReport:
		return "ccfb"
	case *rtcp.TransportLayerNack:
		return "nack"
	case *rtcp.ReceiverReport:
		return "rr"
	case *rtcp.SenderReport:
		return "sr"
	default:
		return fmt.Sprintf("%T", packet)
	}
}

func run(port int, source uint32, isWide bool, done chan facts) {
	// Interceptors speak from routines of their own.
	var lock sync.Mutex
	known := facts{SSRC: fmt.Sprintf("0x%08x", source), Feedback: map[string]int{}}
	far, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	check(err)
	near, err := net.DialUDP("udp4", nil, far.LocalAddr().(*net.UDPAddr))
	check(err)
	info := &interceptor.StreamInfo{SSRC: source, ClockRate: 90000, PayloadType: 96, RTCPFeedback: []interceptor.RTCPFeedback{{Type: "nack"}}}
	receiving := []interceptor.Factory{made(nack.NewGeneratorInterceptor()), made(report.NewReceiverInterceptor())}
	sending := []interceptor.Factory{made(nack.NewResponderInterceptor()), made(report.NewSenderInterceptor())}
	if isWide {
		info.RTPHeaderExtensions = []interceptor.RTPHeaderExtension{{URI: number, ID: 5}}
		info.RTCPFeedback = append(info.RTCPFeedback, interceptor.RTCPFeedback{Type: "transport-cc"})
		sending = append(sending, made(twcc.NewHeaderExtensionInterceptor()))
		receiving = append(receiving, made(twcc.NewSenderInterceptor(twcc.SendInterval(50*time.Millisecond))))
	} else {
		receiving = append(receiving, made(rfc8888.NewSenderInterceptor(rfc8888.SendInterval(50*time.Millisecond))))
	}

	// The receiving end: what comes is read, and what it has to say goes back.
	receiver := chain(receiving...)
	from := near.LocalAddr()
	reader := receiver.BindRemoteStream(info, interceptor.RTPReaderFunc(
		func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) { return len(b), a, nil }))
	receiver.BindRTCPWriter(interceptor.RTCPWriterFunc(
		func(list []rtcp.Packet, _ interceptor.Attributes) (int, error) {
			lock.Lock()
			defer lock.Unlock()
			for _, packet := range list {
				known.Feedback[name(packet)]++
			}
			bytes, err := rtcp.Marshal(list)
			check(err)
			return far.WriteTo(bytes, from)
		}))
	reports := receiver.BindRTCPReader(interceptor.RTCPReaderFunc(
		func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) { return len(b), a, nil }))
	go func() {
		buffer := make([]byte, 1500)
		for {
			count, err := far.Read(buffer)
			if err != nil {
				return
			}
			if buffer[1] >= 192 && buffer[1] < 224 {
				_, _, _ = reports.Read(buffer[:count], nil)
			} else {
				_, _, _ = reader.Read(buffer[:count], nil)
			}
		}
	}()

	// The sending end.
	sender := chain(sending...)
	isAgain := map[uint16]bool{}
	writer := sender.BindLocalStream(info, interceptor.RTPWriterFunc(
		func(header *rtp.Header, payload []byte, _ interceptor.Attributes) (int, error) {
			lock.Lock()
			defer lock.Unlock()
			isRepeated := isAgain[header.SequenceNumber]
			isAgain[header.SequenceNumber] = true
			if !isRepeated && header.SequenceNumber%20 == 7 {
				known.Lost++
				return len(payload), nil
			}
			if isRepeated {
				known.Repeated++
			}
			known.Sent++
			bytes, err := (&rtp.Packet{Header: *header, Payload: payload}).Marshal()
			check(err)
			return near.Write(bytes)
		}))
	sender.BindRTCPWriter(interceptor.RTCPWriterFunc(
		func(list []rtcp.Packet, _ interceptor.Attributes) (int, error) {
			lock.Lock()
			defer lock.Unlock()
			for _, packet := range list {
				known.Feedback[name(packet)]++
			}
			bytes, err := rtcp.Marshal(list)
			check(err)
			return near.Write(bytes)
		}))
	answers := sender.BindRTCPReader(interceptor.RTCPReaderFunc(
		func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) { return len(b), a, nil }))
	go func() {
		buffer := make([]byte, 1500)
		for {
			count, err := near.Read(buffer)
			if err != nil {
				return
			}
			_, _, _ = answers.Read(buffer[:count], nil)
		}
	}()
	payload := make([]byte, 700)
	for index := 0; index < packets; index++ {
		header := &rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(index), SSRC: source,
			Timestamp: uint32(index) * 900, Marker: true}
		for place := range payload {
			payload[place] = byte(index * (place & 3))
		}
		_, err := writer.Write(header, payload, nil)
		check(err)
		time.Sleep(every)
	}
	time.Sleep(300 * time.Millisecond)
	check(receiver.Close())
	check(sender.Close())
	time.Sleep(50 * time.Millisecond)
	_ = near.Close()
	_ = far.Close()
	done <- known
}

func main() {
	port, err := strconv.Atoi(os.Args[1])
	check(err)
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	wide, plain := make(chan facts, 1), make(chan facts, 1)
	go run(port, 0x1111, true, wide)
	go run(port+1, 0x2222, false, plain)
	line, err := json.Marshal(map[string]facts{"twcc": <-wide, "rfc8888": <-plain})
	check(err)
	fmt.Println(string(line))
}
