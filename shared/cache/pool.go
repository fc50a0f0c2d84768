package cache

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

// Pools returns collectors of the statistics of the connections.
func (c *Client) Pools() []prometheus.Collector {
	gauge := func(name, help string, read func(*redis.PoolStats) uint32) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(read(c.redis.PoolStats())) })
	}
	return []prometheus.Collector{
		gauge("diom_redis_connections", "Connections to Redis.", func(s *redis.PoolStats) uint32 { return s.TotalConns }),
		gauge("diom_redis_connections_idle", "Connections to Redis that nobody uses.", func(s *redis.PoolStats) uint32 { return s.IdleConns }),
		gauge("diom_redis_pool_timeouts", "Calls that have found no free connection.", func(s *redis.PoolStats) uint32 { return s.Timeouts }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "diom_redis_down", Help: "1 while Redis is left alone since it did not answer."}, func() float64 {
			if c.breaker.open() {
				return 1
			}
			return 0
		}),
	}
}
